"""What a client will submit in a round: drawn from a seed, before anything happens."""

import random
from dataclasses import dataclass

from tests.chaos.recordings import Recording, broken, noise


@dataclass(frozen=True)
class Order:
    """One submission. ``cancel_after_s`` counts from its 202; None: it is not cancelled."""

    recording: Recording
    key: str | None = None
    cancel_after_s: float | None = None
    is_to_be_told: bool = False
    """Whether a webhook is asked for."""


def draw_orders(seed: int, count: int, longest_s: float) -> list[Order]:
    """``count`` submissions: half of a recording of their own, the rest of an earlier one; some with a key, some
    of these sent a second time; some cancelled; some with a webhook; some broken. Most are short, the longest takes ``longest_s``.
    """
    rng = random.Random(seed)
    orders: list[Order] = []
    recordings: list[Recording] = []
    while len(orders) < count:
        number = len(orders)
        keyed = [order for order in orders if order.key]
        if keyed and rng.random() < 0.07:
            orders.append(rng.choice(keyed))
            continue
        if recordings and rng.random() < 0.45:
            recording = rng.choice(recordings)
        elif rng.random() < 0.06:
            recording = broken(f"broken-{number}", rng.randrange(1 << 30))
            recordings.append(recording)
        else:
            duration_s = max(0.2, longest_s * rng.random() ** 3)
            recording = noise(f"noise-{number}", duration_s, rng.randrange(1 << 30))
            recordings.append(recording)
        key = f"{seed}-{number}" if rng.random() < 0.25 else None
        cancel = rng.random() * longest_s / 2 if key is None and rng.random() < 0.1 else None
        orders.append(Order(recording, key, cancel, is_to_be_told=rng.random() < 0.3))
    return orders
