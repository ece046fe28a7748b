"""The checker finds each fault in a history that holds it, and none in one that does not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.audit import Audit, Claim, read_audit
from tests.chaos.checker import Fault, Gate, find_faults, percentile, recoveries_ms, returns_ms
from tests.chaos.history import Accepted, CancelAsked, Event, History, Hurt, Read, RetryAsked, Seen, Told, Unknown
from tests.chaos.recordings import Recording

SOUND = Recording("sound", b"", 1.0, "amber basin cedar")
BROKEN = Recording("broken", b"", 0.0, None)
LEASE_MS = 3000


def good() -> list[Event]:
    return [
        Accepted("j1", "sound", at_ms=1),
        Seen("j1", "queued", at_ms=2),
        Seen("j1", "completed", attempts=1, at_ms=3),
        Read("j1", "amber basin cedar", "d1", at_ms=4),
        Accepted("j2", "broken", at_ms=5),
        Seen("j2", "failed", "undecodable_media", attempts=1, at_ms=6),
        Accepted("j3", "sound", key="k", at_ms=7),
        CancelAsked("j3", 200, at_ms=8),
        Seen("j3", "cancelled", at_ms=9),
        Accepted("j3", "sound", key="k", at_ms=10),
        Accepted("j5", "sound", is_to_be_told=True, at_ms=11),
        Told("j5", "j5-1-completed", "completed", at_ms=12),
        Told("j5", "j5-1-completed", "completed", at_ms=13),
        Seen("j5", "completed", attempts=1, at_ms=14),
    ]


def faults(events: list[Event], audit: Audit | None = None) -> list[Fault]:
    history = History()
    for event in events:
        history.add(event)
    return find_faults(history, {"sound": SOUND, "broken": BROKEN}, [audit or Audit()])


def without(kind: type[Event], job_id: str) -> Callable[[list[Event]], list[Event]]:
    return lambda events: [
        event for event in events if not (isinstance(event, kind) and getattr(event, "job_id", "") == job_id)
    ]


def plus(*more: Event) -> Callable[[list[Event]], list[Event]]:
    return lambda events: [*events, *more]


def test_a_good_history_has_no_fault() -> None:
    assert faults(good()) == []


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        (without(Seen, "j1"), Gate.LOST),
        (plus(Accepted("j4", "sound"), Seen("j4", "processing")), Gate.LOST),
        (plus(Unknown("j1")), Gate.LOST),
        (plus(Read("j1", "amber basin cedar", "d2")), Gate.WRONG),
        (plus(Accepted("j4", "sound"), Seen("j4", "completed"), Read("j4", "zephyr", "d4")), Gate.WRONG),
        (plus(Accepted("j4", "broken"), Seen("j4", "completed")), Gate.WRONG),
        (plus(Told("j5", "j5-2-completed", "completed")), Gate.TOLD),
        (plus(Told("j5", "j5-1-completed", "failed")), Gate.TOLD),
        (plus(Seen("j1", "queued"), Seen("j1", "completed")), Gate.CHANGED),
        (plus(Accepted("j4", "sound", key="k"), Seen("j4", "completed")), Gate.CHANGED),
        (plus(Accepted("j4", "sound"), CancelAsked("j4", 200), Seen("j4", "completed")), Gate.CHANGED),
        (plus(Accepted("j4", "sound"), Seen("j4", "cancelled")), Gate.CHANGED),
        (plus(Accepted("j4", "sound"), Seen("j4", "failed", "worker_lost", attempts=2)), Gate.CHANGED),
        (plus(Accepted("j4", "broken"), Seen("j4", "failed", "internal_error", attempts=1)), Gate.CHANGED),
    ],
)
def test_each_fault_of_a_history_is_found(change: Callable[[list[Event]], list[Event]], gate: Gate) -> None:
    assert {fault.gate for fault in faults(change(good()))} == {gate}


def test_a_retry_lets_a_job_go_on() -> None:
    again = [Seen("j2", "queued"), Seen("j2", "failed", "no_audio", attempts=1)]
    assert faults([*good(), RetryAsked("j2"), *again]) == []
    assert [fault.gate for fault in faults([*good(), *again])] == [Gate.CHANGED]


def test_a_failure_after_three_attempts_is_honest_only_if_the_ledger_knows_of_them() -> None:
    failed = [*good(), Accepted("j4", "sound"), Seen("j4", "failed", "worker_lost", attempts=3)]
    audit = Audit()
    audit.endings["r"].append("failed")
    for number in range(3):
        assert [fault.gate for fault in faults(failed, audit)] == [Gate.CHANGED]
        audit.claims[f"c{number}"] = Claim(f"c{number}", "r/span-0", "h:1:a/2", 10, started_ms=10)
    assert faults(failed, audit) == []


# What Redis writes for two claims on one unit, as its append-only file has it.
CLAIMED = [
    ["ZADD", "steno:leases", "13000", "c1"],
    ["HSET", "steno:claims", "c1", "r,span-0,host:7:ab/8,0,0,0,0"],
    ["ZADD", "steno:leases", "13100", "c1"],
    ["HSET", "steno:claims", "c1", "r,span-0,host:7:ab/8,1,0,0,0"],
    ["SET", "steno:spent:c1", "lost", "PXAT", "99"],
    ["ZADD", "steno:leases", "44000", "c2"],
    ["HSET", "steno:claims", "c2", "r,span-0,host:9:cd/10,0,0,0,0"],
    ["ZADD", "steno:leases", "44100", "c2"],
    ["HSET", "steno:claims", "c2", "r,span-0,host:9:cd/10,1,0,0,0"],
    ["SET", "steno:spent:c2", "commit", "PXAT", "99"],
    ["HSET", "steno:tr:r:units", "span-0", "span,done,1,0,1,1,0,,w,0,0"],
    ["HSET", "steno:tr:r", "state", "completed", "ended", "45000"],
]


def append_only(folder: Path, commands: list[list[str]], tail: bytes = b"") -> Path:
    body = b"".join(
        f"*{len(words)}\r\n".encode() + b"".join(f"${len(word)}\r\n{word}\r\n".encode() for word in words)
        for words in commands
    )
    (folder / "appendonly.aof").write_bytes(body + tail)
    return folder


def test_the_audit_tells_claims_by_who_held_them_when(tmp_path: Path) -> None:
    audit = read_audit(append_only(tmp_path, CLAIMED, tail=b"*3\r\n$3\r\nSE"), LEASE_MS)
    assert [(claim.claimed_ms, claim.started_ms, claim.ended_by) for claim in audit.of_unit("r/span-0")] == [
        (10_000, 10_100, "lost"),
        (41_000, 41_100, "commit"),
    ]
    assert audit.endings == {"r": ["completed"]}
    assert faults(good(), audit) == []


@pytest.mark.parametrize(
    "more",
    [
        [["SET", "steno:spent:c1", "commit", "PXAT", "99"]],
        [["HSET", "steno:tr:r:units", "span-0", "span,done,1,0,1,1,0,,w,0,0"]],
        [["HSET", "steno:tr:r", "state", "completed", "ended", "46000"]],
        [["HSET", "steno:tr:r", "ended", "46000", "state", "failed"]],
    ],
)
def test_a_second_commit_is_found_in_the_append_only_file(tmp_path: Path, more: list[list[str]]) -> None:
    audit = read_audit(append_only(tmp_path, CLAIMED + more), LEASE_MS)
    assert {fault.gate for fault in faults(good(), audit)} == {Gate.TWICE}


@pytest.mark.parametrize(("what", "pid"), [("main", 7), ("child", 8)])
def test_a_recovery_lasts_from_the_kill_to_the_next_beginning(tmp_path: Path, what: str, pid: int) -> None:
    audit = read_audit(append_only(tmp_path, CLAIMED), LEASE_MS)
    history = History()
    history.add(Hurt("kill", "recognise-1", pid, what, at_ms=11_100))
    history.add(Hurt("kill", "recognise-2", 9, "main", at_ms=11_200))
    assert recoveries_ms(history, audit, frozenset({"main", "child"})) == [30_000]
    assert recoveries_ms(history, audit, frozenset({"api"})) == []


def test_a_unit_is_back_when_its_new_place_in_line_says_so_which_is_before_it_is_begun(tmp_path: Path) -> None:
    # It first stood in line at 9 s, and once more, at its old place, after somebody had given it back in order.
    in_line = [["ZADD", "steno:tr:r:wait", place, "span-0"] for place in ("9000", "9000", "33500")]
    audit = read_audit(append_only(tmp_path, CLAIMED + in_line), LEASE_MS)
    history = History()
    history.add(Hurt("kill", "recognise-1", 7, "main", at_ms=11_100))
    assert returns_ms(history, audit, frozenset({"main"})) == [22_400]
    assert returns_ms(history, audit, frozenset({"child"})) == []


def test_a_lease_is_swept_so_long_after_its_end_as_the_sweeps_own_clock_says(tmp_path: Path) -> None:
    let_go = ["ZREM", "steno:leases", "c1"]
    sweeps = [
        ["SET", "steno:tick", "13100"],
        ["MULTI"],
        ["SET", "steno:tick", "17600"],
        let_go,
        ["EXEC"],
        # Given back before its end, by no sweep.
        ["ZADD", "steno:leases", "60000", "c3"],
        ["MULTI"],
        ["ZREM", "steno:leases", "c3"],
        ["EXEC"],
    ]
    audit = read_audit(append_only(tmp_path, CLAIMED[:4] + sweeps), LEASE_MS)
    assert audit.swept_after_ms == [4_500]


def test_percentiles_lie_between_their_neighbours() -> None:
    # Of 0, 10, …, 100 the 50th is the middle, the 99th nine tenths of the way from 90 to 100.
    values = [10 * number for number in range(11)]
    assert (percentile(values, 0.5), round(percentile(values, 0.99), 6)) == (50, 99)
    assert percentile([7], 0.99) == 7
