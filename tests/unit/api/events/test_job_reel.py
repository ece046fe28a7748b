"""A listener is told what it has to know and no more."""

from api.services.events.event import Event, EventName
from api.services.events.hub import JobAnswer
from api.services.events.job_reel import JobReel
from api.services.events.places import JobPlace
from stenopool.ledger.events import RunText
from stenopool.ledger.model import JobView, RunState
from tests.unit.api.events.made import RUN, a_job, restarted, said, text, whole

OTHER_RUN = "8" * 32


def reel(job: JobView, place: JobPlace | None = None) -> JobReel:
    made = JobReel(job, place)
    list(made.begin(0.0))
    return made


def answer(job: JobView | None = None, heard: RunText | None = None, *, is_cut: bool = False) -> JobAnswer:
    return JobAnswer(job, is_gone=False, text=heard or text(), is_cut=is_cut)


def names(events: list[Event]) -> list[str]:
    return [str(event.name) for event in events]


def hear(made: JobReel, given: JobAnswer, now_s: float = 0.0) -> list[str]:
    return names(list(made.hear(given, now_s)))


def test_first_comes_where_the_job_is() -> None:
    assert names(list(JobReel(a_job(state=RunState.QUEUED), None).begin(0.0))) == ["queued"]
    assert names(list(JobReel(a_job(), None).begin(0.0))) == ["processing"]
    assert names(list(JobReel(a_job(state=RunState.FAILED), None).begin(0.0))) == []


def test_a_state_comes_before_the_text_and_progress_behind_it() -> None:
    made = reel(a_job(state=RunState.QUEUED, position=1))
    heard = answer(a_job(done_s=2.0), text(said(1)))
    assert hear(made, heard, 5.0) == ["processing", "segment"]
    assert hear(made, answer(a_job(done_s=3.0), text(said(2))), 7.0) == ["segment", "progress"]


def test_progress_is_told_once_a_second_and_never_lost() -> None:
    made = reel(a_job())
    assert hear(made, answer(a_job(done_s=1.0)), 0.25) == []
    assert hear(made, answer(a_job(done_s=2.0)), 0.5) == []
    assert made.due_in_s(0.5) == 0.5
    assert names(list(made.progress(0.9))) == []
    [told] = made.progress(1.0)
    assert told.job is not None
    assert (told.name, told.job.done_s) == (EventName.PROGRESS, 2.0)
    assert made.due_in_s(5.0) is None


def test_what_no_client_sees_is_no_progress() -> None:
    made = reel(a_job())
    assert hear(made, answer(a_job(rev=6)), 5.0) == []
    assert made.question().shown == a_job(rev=6).mark


def test_a_place_in_the_queue_that_changes_is_no_progress() -> None:
    made = reel(a_job(state=RunState.QUEUED, position=3))
    assert hear(made, answer(a_job(state=RunState.QUEUED, position=2)), 5.0) == ["queued"]


def test_the_ending_waits_for_the_last_text() -> None:
    made = reel(a_job())
    done = a_job(state=RunState.COMPLETED, transcript_key="transcripts/a.json")
    assert hear(made, answer(done, text(said(1)), is_cut=True)) == ["segment"]
    was_over = made.is_over
    assert hear(made, answer(None, text(said(2), whole(3)))) == ["segment"]
    assert (was_over, made.is_over) == (False, True)
    ending = made.ending()
    assert (ending.name, ending.place) == (EventName.COMPLETED, "77777777.3.2w.completed")


def test_an_ended_job_is_asked_for_its_text_and_answers_at_once() -> None:
    assert reel(a_job(state=RunState.COMPLETED)).question().shown is None


def test_places_lead_behind_their_segment() -> None:
    made = reel(a_job())
    told = list(made.hear(answer(None, text(said(7), restarted(8), said(9))), 0.0))
    assert [event.place for event in told] == ["77777777.7.1", "77777777.8.0", "77777777.9.1"]
    assert [event.span for event in told] == [0, 0, 0]


def test_text_that_the_ledger_has_forgotten_begins_again_while_the_job_runs() -> None:
    made = reel(a_job(), JobPlace.parse("77777777.7.1"))
    assert made.question().after == 7
    assert hear(made, answer(None, text(said(9), is_continued=False))) == ["span_restarted"]
    assert made.question().after == 0


def test_text_that_the_ledger_has_forgotten_goes_on_out_of_the_transcript_where_it_can() -> None:
    done = a_job(state=RunState.COMPLETED, transcript_key="transcripts/a.json")
    made = reel(done, JobPlace.parse("77777777.7.1"))
    assert hear(made, answer(done, text(is_continued=False))) == []
    assert made.is_over
    assert made.rest("{}").place == "77777777.7.2"


def test_text_of_several_spans_that_the_ledger_has_forgotten_begins_again() -> None:
    done = a_job(state=RunState.COMPLETED, transcript_key="transcripts/a.json")
    made = reel(done, JobPlace.parse("77777777.7.x"))
    assert hear(made, answer(done, text(is_continued=False))) == ["span_restarted"]
    assert not made.is_over


def test_another_run_begins_again_for_who_has_heard_of_the_last_one() -> None:
    made = reel(a_job())
    hear(made, answer(None, text(said(7))))
    retried = a_job(transcription_id=OTHER_RUN, state=RunState.QUEUED)
    assert hear(made, answer(retried)) == ["span_restarted", "queued"]
    assert (made.question().run, made.question().after) == (OTHER_RUN, 0)


def test_another_run_is_only_another_state_for_who_has_heard_nothing() -> None:
    made = reel(a_job())
    assert hear(made, answer(a_job(transcription_id=OTHER_RUN, state=RunState.QUEUED))) == ["queued"]


def test_who_heard_of_an_earlier_run_begins_again() -> None:
    place = JobPlace.parse("88888888.7.1.failed")
    assert names(list(JobReel(a_job(), place).begin(0.0))) == ["span_restarted", "processing"]
    assert names(list(JobReel(a_job(), JobPlace.parse("88888888.0.0.failed")).begin(0.0))) == ["processing"]


def test_the_run_is_the_one_of_the_job() -> None:
    assert reel(a_job()).question().run == RUN
