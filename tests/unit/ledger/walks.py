"""How far the state machines walk: little by default, and always the same; ``STENOPOOL_THOROUGH=20`` twenty times as much."""

import os

from hypothesis import HealthCheck, Phase, settings


def walk_settings(examples: int, steps: int) -> settings:
    thorough = int(os.environ.get("STENOPOOL_THOROUGH", "0") or 0)
    return settings(
        max_examples=examples * max(1, thorough),
        stateful_step_count=steps,
        derandomize=not thorough,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
