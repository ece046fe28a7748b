"""Finds what must not have happened. Pure: histories and audits in, faults and measured values out."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import quantiles

from tests.chaos.audit import Audit, Claim
from tests.chaos.history import ENDED, Accepted, CancelAsked, History, Hurt, Read, RetryAsked, Seen, Told, Unknown
from tests.chaos.recordings import Recording

INPUT_CODES = frozenset({"undecodable_media", "no_audio"})
"""How the job of a broken recording ends."""

ATTEMPTS = 3


class Gate(StrEnum):
    """What a fault offends against."""

    LOST = "a 202 without an ending"
    WRONG = "a transcript that is not its recording's, or changed"
    CHANGED = "an ending that changed, or was not earned"
    TWICE = "a second commit accepted"
    REFUSED = "a submission that was not taken within 120 s after the last kill"
    TOLD = "a webhook under a second id, or of another ending"


@dataclass(frozen=True)
class Fault:
    """One thing that must not be."""

    gate: Gate
    text: str


def find_faults(history: History, recordings: Mapping[str, Recording], audits: Sequence[Audit]) -> list[Fault]:
    """Every fault of a round. ``audits`` has one for each life of the ledger; a rebuilt one runs again what was open."""
    return [
        *_lost(history),
        *_wrong(history, recordings),
        *_changed(history),
        *_unearned(history, recordings, audits),
        *(fault for audit in audits for fault in _twice(audit)),
        *_wrongly_told(history),
    ]


def recoveries_ms(history: History, audit: Audit, whats: frozenset[str]) -> list[int]:
    """For each kill of such a kind that tore a unit away: from the kill until another began the unit.

    A unit that nobody had to begin again, because its run had been cancelled, is left out.
    """
    found = []
    for hurt, torn in _torn(history, audit, whats):
        begun = [claim.started_ms for claim in audit.of_unit(torn.unit) if claim.started_ms > hurt.at_ms]
        if begun:
            found.append(min(begun) - hurt.at_ms)
    return found


def returns_ms(history: History, audit: Audit, whats: frozenset[str]) -> list[int]:
    """The same until the unit stood in line again, for whoever is free."""
    found = []
    for hurt, torn in _torn(history, audit, whats):
        back = [at_ms for at_ms in audit.in_line_ms[torn.unit] if at_ms > hurt.at_ms]
        if back:
            found.append(min(back) - hurt.at_ms)
    return found


def _torn(history: History, audit: Audit, whats: frozenset[str]) -> Iterator[tuple[Hurt, Claim]]:
    for hurt in history.of(Hurt):
        if hurt.how == "kill" and hurt.what in whats:
            yield from ((hurt, claim) for claim in audit.claims.values() if _was_torn(claim, hurt))


def percentile(values: Sequence[int], share: float) -> float:
    """The value below which ``share`` of them lie, by linear interpolation; 0 of none."""
    if len(values) < 2:
        return float(sum(values))
    return quantiles(values, n=1000, method="inclusive")[round(share * 1000) - 1]


def _was_torn(claim: Claim, hurt: Hurt) -> bool:
    """Whether the killed process held the claim, begun and not ended: its worker is ``<host>:<main>:<x>/<child>``."""
    main, _, child = claim.worker.partition("/")
    victim = hurt.pid == (int(child or 0) if hurt.what == "child" else int(main.split(":")[1]))
    return victim and 0 < claim.started_ms <= hurt.at_ms and claim.ended_by in ("", "lost")


def _last_seen(history: History) -> dict[str, Seen]:
    return {seen.job_id: seen for seen in history.of(Seen)}


def _lost(history: History) -> Iterator[Fault]:
    last = _last_seen(history)
    for job_id in dict.fromkeys(accepted.job_id for accepted in history.of(Accepted)):
        seen = last.get(job_id)
        if seen is None or seen.status not in ENDED:
            yield Fault(Gate.LOST, f"job {job_id} was accepted and is {seen.status if seen else 'never seen'}")
    for unknown in history.of(Unknown):
        yield Fault(Gate.LOST, f"job {unknown.job_id} was accepted and then answered with 404")


def _wrong(history: History, recordings: Mapping[str, Recording]) -> Iterator[Fault]:
    recording_of = {accepted.job_id: recordings[accepted.recording] for accepted in history.of(Accepted)}
    first: dict[str, Read] = {}
    for read in history.of(Read):
        if read.text != recording_of[read.job_id].text:
            yield Fault(Gate.WRONG, f"job {read.job_id} of {recording_of[read.job_id].name} says {read.text[:60]!r}")
        if first.setdefault(read.job_id, read).digest != read.digest:
            yield Fault(Gate.WRONG, f"the result of job {read.job_id} changed after it was read")


def _changed(history: History) -> Iterator[Fault]:
    last, retried = dict[str, str](), set[str]()
    for event in history.all():
        match event:
            case RetryAsked(job_id):
                retried.add(job_id)
            case Seen(job_id, status):
                is_final = last.get(job_id) in (ENDED - {"failed", "cancelled"} if job_id in retried else ENDED)
                if is_final and last[job_id] != status:
                    yield Fault(Gate.CHANGED, f"job {job_id} was {last[job_id]} and is {status}")
                last[job_id] = status
            case _:
                pass
    of_key: dict[str, str] = {}
    for accepted in history.of(Accepted):
        if accepted.key and of_key.setdefault(accepted.key, accepted.job_id) != accepted.job_id:
            yield Fault(Gate.CHANGED, f"key {accepted.key} names two jobs")


def _unearned(history: History, recordings: Mapping[str, Recording], audits: Sequence[Audit]) -> Iterator[Fault]:
    """Endings that nobody asked for, and failures without three attempts behind them."""
    recording_of = {accepted.job_id: recordings[accepted.recording] for accepted in history.of(Accepted)}
    cancels: dict[str, set[int | None]] = defaultdict(set)
    for cancel in history.of(CancelAsked):
        cancels[cancel.job_id].add(cancel.status)
    most_attempts = max((audit.attempts(run) for audit in audits for run in audit.endings), default=0)
    for job_id, seen in _last_seen(history).items():
        is_broken = recording_of[job_id].text is None
        if 200 in cancels[job_id] and seen.status != "cancelled":
            yield Fault(Gate.CHANGED, f"job {job_id} was cancelled and is {seen.status}")
        if seen.status == "cancelled" and not cancels[job_id]:
            yield Fault(Gate.CHANGED, f"job {job_id} is cancelled, and nobody asked for that")
        if seen.status == "completed" and is_broken:
            yield Fault(Gate.WRONG, f"job {job_id} of a broken recording completed")
        if seen.status == "failed" and not (
            seen.code in INPUT_CODES if is_broken else min(seen.attempts, most_attempts) >= ATTEMPTS
        ):
            yield Fault(Gate.CHANGED, f"job {job_id} failed with {seen.code} after {seen.attempts} attempts")


def _wrongly_told(history: History) -> Iterator[Fault]:
    last, ids = _last_seen(history), dict[str, str]()
    asked = {accepted.job_id for accepted in history.of(Accepted) if accepted.is_to_be_told}
    for told in history.of(Told):
        if ids.setdefault(told.job_id, told.delivery_id) != told.delivery_id:
            yield Fault(Gate.TOLD, f"job {told.job_id} was told as {ids[told.job_id]} and as {told.delivery_id}")
        if told.job_id in asked and told.ending != last[told.job_id].status:
            yield Fault(Gate.TOLD, f"job {told.job_id} was told {told.ending} and is {last[told.job_id].status}")


def _twice(audit: Audit) -> Iterator[Fault]:
    for unit, claims in audit.commits().items():
        if len(claims) > 1:
            yield Fault(Gate.TWICE, f"{unit} was committed by {len(claims)} claims")
    for unit, times in audit.units_done.items():
        if times > 1:
            yield Fault(Gate.TWICE, f"{unit} was written as done {times} times")
    for run, endings in audit.endings.items():
        if len(endings) > 1:
            yield Fault(Gate.TWICE, f"run {run} ended {len(endings)} times: {', '.join(endings)}")
