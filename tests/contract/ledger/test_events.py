"""What listeners can rely on, whatever becomes of workers, clocks and Redis."""

from dataclasses import replace

import pytest

from stenopool.ledger import event_operations as events
from stenopool.ledger import keys, removal
from stenopool.ledger import operations as op
from stenopool.ledger.events import DELETED, MOST_TOLD, News, RunText, TenantNews, TextKind, Wishes
from stenopool.ledger.model import Blame, Restoration, RunState
from tests.contract.ledger.bench import TIMING, Bench

HOUR_S = 3600


def news(bench: Bench, wishes: Wishes) -> News:
    return bench.do(events.news(wishes))


def text(bench: Bench, run: str, after: int = 0) -> RunText:
    return news(bench, Wishes(runs=[(run, after)])).runs[0]


def changes(bench: Bench, after: int | None) -> TenantNews:
    return news(bench, Wishes(tenants=[("ann", after)])).tenants[0]


def last(bench: Bench) -> int:
    return news(bench, Wishes()).last


def words(heard: RunText) -> list[str]:
    return [entry.body if entry.kind is TextKind.SEGMENT else entry.kind.upper() for entry in heard.entries]


def test_text_is_heard_once_however_often_it_is_told(bench: Bench) -> None:
    grant = bench.span()
    bench.do(events.tell(grant.claim_id, 0, ["one", "two"]))
    bench.do(events.tell(grant.claim_id, 0, ["one", "two", "three"]))
    bench.do(events.tell(grant.claim_id, 3, [], is_whole=True))
    bench.do(events.tell(grant.claim_id, 3, [], is_whole=True))
    assert words(text(bench, grant.transcription_id)) == ["one", "two", "three", "WHOLE"]


def test_a_listener_goes_on_behind_any_entry(bench: Bench) -> None:
    grant = bench.span()
    bench.do(events.tell(grant.claim_id, 0, ["one", "two", "three"]))
    entries = text(bench, grant.transcription_id).entries
    for place, entry in enumerate(entries):
        heard = text(bench, grant.transcription_id, entry.number)
        assert heard.is_continued
        assert heard.entries == entries[place + 1 :]


def test_the_next_attempt_says_that_it_begins_again(bench: Bench) -> None:
    bench.do(op.sweep(TIMING))
    first = bench.span()
    bench.do(events.tell(first.claim_id, 0, ["one", "two"]))
    bench.let_leases_end()
    second = bench.begin("blue/1")
    assert second.unit_id == first.unit_id
    bench.do(events.tell(second.claim_id, 0, ["one"]))
    assert not bench.do(events.tell(first.claim_id, 2, ["three"])).is_heard
    assert words(text(bench, first.transcription_id)) == ["one", "two", "RESTARTED", "one"]


def test_a_gap_in_the_telling_ends_it(bench: Bench) -> None:
    grant = bench.span()
    bench.do(events.tell(grant.claim_id, 1, ["two"], is_whole=True))
    assert words(text(bench, grant.transcription_id)) == []


def test_no_more_than_so_much_is_told_and_never_that_it_is_whole(bench: Bench) -> None:
    grant = bench.span()
    for first in range(0, MOST_TOLD, 5_000):
        bench.do(events.tell(grant.claim_id, first, ["x"] * 5_000))
    bench.do(events.tell(grant.claim_id, MOST_TOLD, ["too much"], is_whole=True))
    assert bench.client.xlen(keys.events(grant.transcription_id)) == MOST_TOLD


def test_text_stays_while_the_run_lives_and_an_hour_longer(bench: Bench) -> None:
    grant = bench.span()
    key = keys.events(grant.transcription_id)
    bench.do(events.tell(grant.claim_id, 0, ["one"], is_whole=True))
    assert bench.client.pttl(key) == -1
    following = bench.do(op.commit(grant.claim_id, TIMING)).next
    assert following is not None
    bench.finish(following)
    rest_ms = bench.client.pttl(key)
    assert isinstance(rest_ms, int)
    assert (HOUR_S - 60) * 1000 < rest_ms <= HOUR_S * 1000
    assert not bench.client.exists(keys.run_told(grant.transcription_id))


def test_who_asks_for_text_that_is_gone_is_told_so(bench: Bench) -> None:
    grant = bench.span()
    bench.do(events.tell(grant.claim_id, 0, ["one", "two"]))
    heard = text(bench, grant.transcription_id).entries[0]
    bench.client.delete(keys.events(grant.transcription_id))
    assert not text(bench, grant.transcription_id, heard.number).is_continued
    assert text(bench, grant.transcription_id).is_continued


def test_numbers_grow_over_all_streams_also_when_the_clock_is_set_back(bench: Bench) -> None:
    since = last(bench)
    grant = bench.span()
    bench.do(events.tell(grant.claim_id, 0, ["one"]))
    bench.pass_time(-5_000)
    bench.do(events.tell(grant.claim_id, 1, ["two"]))
    bench.do(op.fail(grant.claim_id, "no_audio", Blame.INPUT, "Silence."))
    heard = changes(bench, since)
    told = [(entry.number, str(entry.state)) for entry in heard.changes]
    told += [(entry.number, entry.body) for of_run in heard.texts for entry in of_run.entries]
    assert [what for _, what in sorted(told)] == ["queued", "processing", "one", "two", "failed"]
    assert len({number for number, _ in told}) == 5
    failure = heard.changes[-1]
    assert (failure.code, failure.detail) == ("no_audio", "Silence.")


def test_every_job_of_a_run_is_told_of_and_the_text_names_them(bench: Bench) -> None:
    since = last(bench)
    first, second = bench.submit("d" * 64), bench.submit("d" * 64)
    bench.do(op.cancel(second.job_id, "ann"))
    third = bench.submit("d" * 64)
    bench.plan(bench.begin())
    grant = bench.begin()
    bench.do(events.tell(grant.claim_id, 0, ["one"]))
    alive = changes(bench, since)
    assert [(entry.job, entry.state) for entry in alive.changes] == [
        (first.job_id, RunState.QUEUED),
        (second.job_id, RunState.QUEUED),
        (second.job_id, RunState.CANCELLED),
        (third.job_id, RunState.QUEUED),
        (first.job_id, RunState.PROCESSING),
        (third.job_id, RunState.PROCESSING),
    ]
    assert alive.texts[0].job_ids == (first.job_id, third.job_id)
    following = bench.do(op.commit(grant.claim_id, TIMING)).next
    assert following is not None
    bench.finish(following)
    ended = changes(bench, alive.changes[-1].number)
    assert [(entry.job, entry.state) for entry in ended.changes] == [
        (first.job_id, RunState.COMPLETED),
        (third.job_id, RunState.COMPLETED),
    ]
    assert ended.texts[0].job_ids == (first.job_id, third.job_id)


def test_who_was_away_for_more_than_is_kept_is_told_so(bench: Bench) -> None:
    since = last(bench)
    bench.submit("d" * 64)
    for _ in range(998):
        bench.submit("d" * 64)
    assert not changes(bench, since).has_gap
    bench.submit("d" * 64)
    assert changes(bench, since).has_gap
    bench.submit("d" * 64)
    known = changes(bench, last(bench) - 1)
    assert (known.has_gap, len(known.changes)) == (False, 1)
    bench.pass_time(HOUR_S + 1)
    assert changes(bench, last(bench)).has_gap


def test_who_listened_to_a_ledger_that_was_lost_is_told_so(bench: Bench) -> None:
    bench.submit()
    since = last(bench)
    bench.client.flushdb()
    bench.pass_time(10)
    assert changes(bench, since).has_gap
    bench.do(op.set_epoch("epoch-2"))
    assert changes(bench, since).has_gap
    assert not changes(bench, last(bench)).has_gap


def test_a_new_ledger_is_heard_from_its_very_first_event(bench: Bench) -> None:
    since = last(bench)
    bench.pass_time(1)
    bench.submit()
    assert [entry.state for entry in changes(bench, since).changes] == [RunState.QUEUED]


def test_a_look_at_very_many_runs_ends_early_and_says_where(bench: Bench) -> None:
    since = last(bench)
    for _ in range(51):
        bench.pass_time(1)
        bench.do(events.tell(bench.span().claim_id, 0, ["one"]))
    heard: list[str] = []
    while (look := changes(bench, since)).upto is not None:
        assert len(look.texts) <= 11
        assert all(entry.number <= look.upto for of_run in look.texts for entry in of_run.entries)
        heard += [of_run.transcription_id for of_run in look.texts]
        since = look.upto
    heard += [of_run.transcription_id for of_run in look.texts]
    assert len(heard) == len(set(heard)) == 51


def test_only_jobs_that_are_not_as_they_were_shown_are_told(bench: Bench) -> None:
    job_id = bench.submit().job_id
    shown = news(bench, Wishes({job_id: None, "nobody": None}))
    assert [job.job_id for job in shown.jobs] == [job_id]
    assert shown.gone == ("nobody",)
    assert news(bench, Wishes({job_id: shown.jobs[0].mark})).jobs == ()
    bench.claim()
    assert [job.state for job in news(bench, Wishes({job_id: shown.jobs[0].mark})).jobs] == [RunState.PROCESSING]


@pytest.mark.parametrize("is_rebuilt", [True, False])
def test_a_restored_job_is_news_only_to_a_ledger_that_is_whole(bench: Bench, *, is_rebuilt: bool) -> None:
    since = last(bench)
    if is_rebuilt:
        bench.do(op.begin_restoring("epoch-2"))
    submission = replace(bench.submission(), submitted_ms=bench.now)
    bench.do(op.restore(Restoration(submission, is_hit=False, ending=None)))
    assert len(changes(bench, since).changes) == (0 if is_rebuilt else 1)


def test_a_deleted_job_is_told_of_and_its_text_is_gone(bench: Bench) -> None:
    grant = bench.span()
    bench.do(events.tell(grant.claim_id, 0, ["one"]))
    since = last(bench)
    [job] = bench.do(op.jobs_of(grant.transcription_id))
    bench.do(removal.forget(job.job_id, "ann"))
    assert [(entry.job, entry.state) for entry in changes(bench, since).changes] == [(job.job_id, DELETED)]
    assert news(bench, Wishes({job.job_id: None})).gone == (job.job_id,)
    assert not bench.client.exists(keys.events(grant.transcription_id))
