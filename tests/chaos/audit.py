"""What the ledger committed, read from Redis' own append-only file: nobody's word but that of the writes themselves.

The file holds the effects of every script in order and survives a kill of Redis. The fleet's Redis never rewrites it.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stenopool.ledger import keys

COMMITS = frozenset({"plan", "commit", "finish"})
_OPEN = frozenset({"queued", "processing"})


@dataclass
class Claim:
    """A claim as the writes tell it. ``unit`` is ``<run>/<unit>``; moments in ms since 1970, 0 = never."""

    claim_id: str
    unit: str
    worker: str
    claimed_ms: int
    started_ms: int = 0
    ended_by: str = ""
    """The operation that ended it: plan, commit, finish, fail, release, lost, …"""


@dataclass
class Audit:
    """All claims, and the endings of every run, in order of the writes."""

    claims: dict[str, Claim] = field(default_factory=dict)
    endings: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Run -> every state after queued and processing that was ever written to it."""
    units_done: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """``<run>/<unit>`` -> how often it was written as done."""
    in_line_ms: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """``<run>/<unit>`` -> the places in line it was given, which are the moments it was put there."""
    swept_after_ms: list[int] = field(default_factory=list)
    """For each lease that ran out and that a sweep ended: how long after."""

    def commits(self) -> dict[str, list[Claim]]:
        """Unit -> the claims that committed it."""
        found: dict[str, list[Claim]] = defaultdict(list)
        for claim in self.claims.values():
            if claim.ended_by in COMMITS:
                found[claim.unit].append(claim)
        return found

    def of_unit(self, unit: str) -> list[Claim]:
        """The claims of a unit in order."""
        return [claim for claim in self.claims.values() if claim.unit == unit]

    def attempts(self, run: str) -> int:
        """Most attempts that a unit of the run has spent and not got back."""
        spent: dict[str, int] = defaultdict(int)
        for claim in self.claims.values():
            if claim.unit.startswith(f"{run}/") and claim.started_ms and claim.ended_by != "release":
                spent[claim.unit] += 1
        return max(spent.values(), default=0)


def read_audit(redis_dir: Path, lease_ms: int) -> Audit:
    """The audit of everything a Redis has written into ``redis_dir``; ``lease_ms`` dates claims by their leases."""
    audit, ends_ms, sweep_ms = Audit(), dict[str, int](), 0
    for command in _commands(redis_dir):
        match command:
            case ["MULTI" | "EXEC"]:
                sweep_ms = 0
            case ["SET", keys.TICK, moment]:
                sweep_ms = int(moment)
            case ["ZREM", keys.LEASES, claim_id] if ends_ms.get(claim_id, sweep_ms + 1) <= sweep_ms:
                audit.swept_after_ms.append(sweep_ms - ends_ms[claim_id])
            case ["ZADD", keys.LEASES, score, claim_id]:
                ends_ms[claim_id] = round(float(score))
            case ["HSET", keys.CLAIMS, claim_id, record]:
                _note_claim(audit, claim_id, record, ends_ms.get(claim_id, lease_ms) - lease_ms)
            case ["HSET" | "ZADD", key, *pairs] if key.startswith("steno:tr:"):
                _note_run(audit, key.removeprefix("steno:tr:"), pairs)
            case ["SET", key, operation, *_] if key.startswith("steno:spent:"):
                claim = audit.claims.get(key.removeprefix("steno:spent:"))
                if claim is not None:
                    claim.ended_by = operation
            case _:
                pass
    return audit


def _note_claim(audit: Audit, claim_id: str, record: str, at_ms: int) -> None:
    run, unit, worker, started, *_ = record.split(",")
    claim = audit.claims.setdefault(claim_id, Claim(claim_id, f"{run}/{unit}", worker, at_ms))
    if started == "1" and not claim.started_ms:
        claim.started_ms = at_ms


def _note_run(audit: Audit, key: str, pairs: Sequence[str]) -> None:
    run, _, part = key.partition(":")
    fields = list(zip(pairs[::2], pairs[1::2], strict=True))
    if part == "units":
        for unit, record in fields:
            audit.units_done[f"{run}/{unit}"] += record.split(",")[1] == "done"
    elif part == "wait":
        for place, unit in fields:
            audit.in_line_ms[f"{run}/{unit}"].append(round(float(place)))
    elif not part:
        audit.endings[run] += [state for name, state in fields if name == "state" and state not in _OPEN]


def _commands(redis_dir: Path) -> Iterator[list[str]]:
    """Every write, oldest file first: Redis 7 keeps a folder of them, 6.2 one file."""
    parts = sorted((redis_dir / "appendonlydir").glob("*.incr.aof"), key=lambda path: int(path.name.split(".")[-3]))
    for file in parts or [redis_dir / "appendonly.aof"]:
        yield from _commands_of(file.read_bytes())


def _commands_of(body: bytes) -> Iterator[list[str]]:
    at = 0
    while at < len(body) and body[at : at + 1] == b"*":
        end = body.index(b"\r\n", at)
        words, at = int(body[at + 1 : end]), end + 2
        command = []
        for _ in range(words):
            end = body.find(b"\r\n", at)
            if end < 0:
                return  # The last write was cut off by a kill.
            size, at = int(body[at + 1 : end]), end + 2
            command.append(body[at : at + size].decode(errors="replace"))
            at += size + 2
        command[0] = command[0].upper()
        yield command
