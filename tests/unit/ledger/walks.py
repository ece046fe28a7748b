"""How far the state machines walk: little by default, and always the same; ``STENOPOOL_THOROUGH=20`` twenty times as much."""

import os
from typing import Final

from hypothesis import HealthCheck, Phase, settings

_THOROUGH: Final = int(os.environ.get("STENOPOOL_THOROUGH", "0") or 0)
LIMIT_S: Final = 900 * max(1, _THOROUGH)
"""Only a failure takes long: it is made small first."""


def walk_settings(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples * max(1, _THOROUGH),
        stateful_step_count=steps,
        derandomize=not _THOROUGH,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
