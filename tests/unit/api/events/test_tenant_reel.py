"""All of a tenant's jobs in one order, nothing missed and nothing twice."""

from api.services.events.event import EventName
from api.services.events.hub import TenantAnswer
from api.services.events.tenant_reel import TenantEvent, TenantReel
from stenopool.ledger.events import ChangeEntry, TenantNews, TenantText, TextEntry
from stenopool.ledger.model import RunState
from tests.unit.api.events.made import restarted, said, whole

JOB = "a" * 32


def change(number: int, state: RunState = RunState.QUEUED) -> ChangeEntry:
    return ChangeEntry(number, JOB, state, "", "")


def of_run(*entries: TextEntry, run: str = "tr-1", done_s: float = 1.0) -> TenantText:
    return TenantText(run, entries, done_s, 10.0, (JOB,))


def answer(
    *changes: ChangeEntry,
    texts: tuple[TenantText, ...] = (),
    last: int = 100,
    limit: int = 50,
    upto: int | None = None,
    has_gap: bool = False,
) -> TenantAnswer:
    return TenantAnswer(TenantNews("ann", has_gap, upto, changes, texts), last, limit)


def hear(reel: TenantReel, given: TenantAnswer, now_s: float = 0.0) -> list[TenantEvent]:
    return list(reel.hear(given, now_s))


def placed(events: list[TenantEvent]) -> list[tuple[str, int]]:
    return [(str(event.name), event.place) for event in events if event.place is not None]


def test_events_come_in_the_order_in_which_they_happened() -> None:
    reel = TenantReel("ann", 1)
    texts = (of_run(said(4), said(7)), of_run(said(5), restarted(6), whole(8), run="tr-2"))
    told = placed(hear(reel, answer(change(3), change(9, RunState.COMPLETED), texts=texts)))
    assert told == [
        ("queued", 3),
        ("segment", 4),
        ("segment", 5),
        ("span_restarted", 6),
        ("segment", 7),
        ("completed", 9),
    ]
    assert (reel.after, reel.is_behind) == (100, False)


def test_no_event_is_told_before_one_that_a_cut_source_may_still_have() -> None:
    reel = TenantReel("ann", 1)
    texts = (of_run(said(4), said(7)), of_run(said(5), run="tr-2"))
    told = placed(hear(reel, answer(change(9), texts=texts, limit=2)))
    # The first run gave as many entries as may be asked for: behind 7 it may have more.
    assert told == [("segment", 4), ("segment", 5), ("segment", 7)]
    assert (reel.after, reel.is_behind) == (7, True)


def test_a_look_that_ended_early_is_gone_on_with() -> None:
    reel = TenantReel("ann", 1)
    assert hear(reel, answer(upto=50)) == []
    assert (reel.after, reel.is_behind) == (50, True)


def test_who_may_have_missed_something_is_told_to_load_the_list() -> None:
    reel = TenantReel("ann", 1)
    assert hear(reel, answer(has_gap=True)) == [TenantEvent(EventName.RELOAD, 100)]
    assert reel.after == 100


def test_who_knows_of_an_event_that_the_ledger_has_lost_is_told_to_load_the_list() -> None:
    reel = TenantReel("ann", 101)
    assert placed(hear(reel, answer())) == [("reload", 100)]


def test_a_newcomer_begins_with_the_last_event() -> None:
    reel = TenantReel("ann", None)
    assert hear(reel, answer()) == []
    assert reel.question().after == 100


def test_progress_comes_with_text_and_at_most_once_a_second_for_each_run() -> None:
    reel = TenantReel("ann", 1)

    def progress(now_s: float, *runs: str) -> list[str]:
        told = hear(reel, answer(texts=tuple(of_run(said(2), run=run) for run in runs)), now_s)
        return [event.text.transcription_id for event in told if event.name is EventName.PROGRESS and event.text]

    assert progress(0.0, "tr-1") == ["tr-1"]
    assert progress(0.5, "tr-1", "tr-2") == ["tr-2"]
    assert progress(1.0, "tr-1", "tr-2") == ["tr-1"]
