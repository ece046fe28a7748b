"""Submission: media, manifest, script, in an order in which no crash and no answer leaves a lie behind."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from api.services.pools import PoolWatch
from api.services.submission import Accepted, Submissions
from api.services.submission_rules import SubmissionRules
from api.services.uploads import Upload
from stenopool.errors import ErrorCode, LedgerFullError, StenopoolError, TransientError
from stenopool.ids import new_id
from stenopool.ledger.model import Found, PoolView, RunState, Sought, SubmitOutcome, Submitted
from stenopool.media.kinds import WAV
from stenopool.media.local_store import LocalStore
from stenopool.media.manifest import Manifest, read_manifest
from tests.unit.api.fake_ledger import SERVED, FakeLedger, viewed

OTHER_RUN, OTHER_MEDIA = "e" * 32, "media/" + "f" * 32
AWAY = TransientError(ErrorCode.LEDGER_UNAVAILABLE, "the ledger does not answer")


class Case:
    """One submission against a scripted ledger and a real store."""

    def __init__(self, data_dir: Path, ledger: FakeLedger, store: LocalStore | None = None) -> None:
        self.store = store or LocalStore(data_dir / "store")
        self.ledger = ledger
        self._spool_file = data_dir / "upload"
        self._rules = SubmissionRules(
            "faster-whisper", ("demo", "large"), max_queued_jobs=10, max_jobs_per_transcription=5
        )

    def submit(self, *fields: tuple[str, str]) -> Accepted:
        self._spool_file.write_bytes(b"RIFF")
        upload = Upload(new_id(), self._spool_file, "talk.wav", WAV, 4, "a" * 64, fields)
        return asyncio.run(self._submissions().submit("default", upload))

    def refused(self, *fields: tuple[str, str]) -> ErrorCode:
        with pytest.raises(StenopoolError) as caught:
            self.submit(*fields)
        return caught.value.code

    def require_open(self) -> None:
        asyncio.run(self._submissions().require_open())

    @property
    def media(self) -> list[str]:
        return list(self.store.keys("media/"))

    @property
    def manifests(self) -> list[Manifest]:
        return [read_manifest(self.store.get(key)) for key in self.store.keys("manifests/")]

    def _submissions(self) -> Submissions:
        return Submissions(self.ledger, self.store, PoolWatch(self.ledger), self._rules)


def answers(outcome: SubmitOutcome, *, other: bool = False, job_id: str | None = None) -> Any:
    def answer(given: dict[str, Any]) -> Submitted:
        return Submitted(
            outcome,
            job_id or given["job_id"],
            OTHER_RUN if other else given["transcription_id"],
            OTHER_MEDIA if other else given.get("media_key"),
        )

    return answer


def test_media_and_manifest_are_in_the_store_before_the_script_runs(data_dir: Path) -> None:
    seen: list[tuple[list[str], list[Manifest]]] = []

    def look(given: dict[str, Any]) -> Submitted:
        seen.append((case.media, case.manifests))
        return Submitted(SubmitOutcome.CREATED, given["job_id"], given["transcription_id"], given["media_key"])

    case = Case(data_dir, FakeLedger(submit=look))
    accepted = case.submit()
    [(media, [manifest])] = seen
    given = case.ledger.calls["submit"][0]
    assert accepted == Accepted(manifest.job_id, RunState.QUEUED)
    assert media == [manifest.media_key] == [given["media_key"]]
    assert manifest.transcription_id == given["transcription_id"]
    assert manifest.submitted_at.timestamp() * 1000 == pytest.approx(given["submitted_ms"], abs=1)
    assert case.store.get(manifest.media_key) == b"RIFF"


def test_a_run_that_is_there_is_joined_without_storing_the_media_again(data_dir: Path) -> None:
    found = Found(OTHER_RUN, RunState.PROCESSING, OTHER_MEDIA)
    case = Case(
        data_dir, FakeLedger(find=Sought(found, ledger_lost=False), submit=answers(SubmitOutcome.JOINED, other=True))
    )
    assert case.submit().state is RunState.PROCESSING
    assert case.media == []
    assert [(m.transcription_id, m.media_key) for m in case.manifests] == [(OTHER_RUN, OTHER_MEDIA)]
    assert "media_key" not in case.ledger.calls["submit"][0]


def test_a_finished_run_answers_at_once(data_dir: Path) -> None:
    found = Found(OTHER_RUN, RunState.COMPLETED, OTHER_MEDIA)
    case = Case(
        data_dir, FakeLedger(find=Sought(found, ledger_lost=False), submit=answers(SubmitOutcome.HIT, other=True))
    )
    assert case.submit().state is RunState.COMPLETED
    assert [manifest.cached for manifest in case.manifests] == [True]


def test_a_run_that_finished_while_it_was_asked_for_answers_at_once(data_dir: Path) -> None:
    case = Case(data_dir, FakeLedger(submit=answers(SubmitOutcome.HIT, other=True)))
    assert case.submit().state is RunState.COMPLETED
    assert [(m.transcription_id, m.cached) for m in case.manifests] == [(OTHER_RUN, True)]


def test_a_run_that_ended_badly_meanwhile_is_replaced_by_an_own_one(data_dir: Path) -> None:
    found = Found(OTHER_RUN, RunState.PROCESSING, OTHER_MEDIA)
    script = [answers(SubmitOutcome.NEED_MEDIA), answers(SubmitOutcome.CREATED)]
    case = Case(data_dir, FakeLedger(find=Sought(found, ledger_lost=False), submit=script))
    assert case.submit().state is RunState.QUEUED
    [manifest] = case.manifests
    assert manifest.transcription_id == case.ledger.calls["submit"][1]["transcription_id"]
    assert case.media == [manifest.media_key]


def test_a_run_that_came_first_takes_the_job_and_the_own_media_go(data_dir: Path) -> None:
    case = Case(data_dir, FakeLedger(submit=answers(SubmitOutcome.JOINED, other=True)))
    case.submit()
    assert case.media == []
    assert [(m.transcription_id, m.media_key) for m in case.manifests] == [(OTHER_RUN, OTHER_MEDIA)]


def test_own_media_stay_when_the_manifest_cannot_be_made_to_name_others(data_dir: Path) -> None:
    class FailsSecondTime(LocalStore):
        replaced = 0

        def replace(self, key: str, body: bytes) -> None:
            self.replaced += 1
            if self.replaced == 2:
                raise TransientError(ErrorCode.STORE_UNAVAILABLE, "the store does not answer")
            super().replace(key, body)

    store = FailsSecondTime(data_dir / "store")
    case = Case(data_dir, FakeLedger(submit=answers(SubmitOutcome.JOINED, other=True)), store)
    case.submit()
    assert case.media == [case.manifests[0].media_key]


def test_a_replay_names_the_first_job_and_leaves_nothing_of_the_second(data_dir: Path) -> None:
    first = "d" * 32
    case = Case(
        data_dir,
        FakeLedger(
            submit=answers(SubmitOutcome.REPLAYED, other=True, job_id=first), view=viewed(state=RunState.FAILED)
        ),
    )
    assert case.submit() == Accepted(first, RunState.FAILED, is_replay=True)
    assert case.media == []
    assert case.manifests == []


def test_a_repeated_script_that_answers_for_the_own_run_keeps_everything(data_dir: Path) -> None:
    case = Case(data_dir, FakeLedger(submit=answers(SubmitOutcome.REPLAYED)))
    case.submit()
    assert case.media == [case.manifests[0].media_key]


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (SubmitOutcome.REFUSED_BACKLOG, ErrorCode.QUEUE_FULL),
        (SubmitOutcome.REFUSED_JOINS, ErrorCode.TOO_MANY_JOINED),
        (SubmitOutcome.IDEMPOTENCY_CONFLICT, ErrorCode.IDEMPOTENCY_CONFLICT),
    ],
)
def test_a_refusal_leaves_nothing(data_dir: Path, outcome: SubmitOutcome, code: ErrorCode) -> None:
    case = Case(data_dir, FakeLedger(submit=answers(outcome)))
    assert case.refused() is code
    assert case.media == []
    assert case.manifests == []


@pytest.mark.parametrize(
    ("answer", "code"),
    [(AWAY, ErrorCode.LEDGER_UNAVAILABLE), (answers(SubmitOutcome.LEDGER_LOST), ErrorCode.LEDGER_LOST)],
)
def test_an_answer_that_says_nothing_deletes_nothing(data_dir: Path, answer: object, code: ErrorCode) -> None:
    case = Case(data_dir, FakeLedger(submit=answer))
    assert case.refused() is code
    assert case.media == [case.manifests[0].media_key]


def test_a_full_redis_has_taken_nothing_for_certain_and_nothing_stays(data_dir: Path) -> None:
    case = Case(data_dir, FakeLedger(submit=LedgerFullError()))
    assert case.refused() is ErrorCode.LEDGER_UNAVAILABLE
    assert case.media == []
    assert case.manifests == []


def test_nothing_is_stored_for_a_ledger_that_is_lost(data_dir: Path) -> None:
    # It would come back with the ledger: a client that repeats its request would get a job for each repetition.
    case = Case(data_dir, FakeLedger(find=Sought(None, ledger_lost=True)))
    assert case.refused() is ErrorCode.LEDGER_LOST
    assert case.media == []
    assert case.manifests == []


def test_media_do_not_stay_where_the_disk_has_no_room_for_the_manifest(data_dir: Path) -> None:
    class FullStore(LocalStore):
        def replace(self, key: str, body: bytes) -> None:
            raise TransientError(ErrorCode.DISK_FULL, "the store's disk is full")

    case = Case(data_dir, FakeLedger(), FullStore(data_dir / "store"))
    assert case.refused() is ErrorCode.DISK_FULL
    assert case.media == []
    assert "submit" not in case.ledger.calls


def test_a_ledger_that_is_away_from_the_beginning_leaves_the_store_alone(data_dir: Path) -> None:
    case = Case(data_dir, FakeLedger(find=AWAY))
    assert case.refused() is ErrorCode.LEDGER_UNAVAILABLE
    assert case.media == []
    assert case.manifests == []


def test_equal_recordings_have_one_digest_and_other_options_another(data_dir: Path) -> None:
    case = Case(data_dir, FakeLedger(submit=answers(SubmitOutcome.CREATED)))
    for fields in ([], [("language", "auto")], [("language", "de")]):
        case.submit(*fields)
    plain, auto, german = (call["digest"] for call in case.ledger.calls["submit"])
    assert plain == auto != german


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ([("langage", "de")], ErrorCode.UNKNOWN_FIELD),
        ([("language", "klingon")], ErrorCode.INVALID_OPTION),
        ([("language", "de"), ("language", "fr")], ErrorCode.INVALID_OPTION),
    ],
)
def test_wrong_options_are_refused_before_anything_is_stored(
    data_dir: Path, fields: list[tuple[str, str]], code: ErrorCode
) -> None:
    case = Case(data_dir, FakeLedger())
    assert case.refused(*fields) is code
    assert case.media == []


def test_a_model_that_no_worker_ever_served_is_refused(data_dir: Path) -> None:
    unserved = PoolView(identity=None, live_workers=0, waiting=0, open=0, waiting_s=0.0)
    case = Case(data_dir, FakeLedger(pool_view=unserved))
    assert case.refused() is ErrorCode.NO_WORKER_FOR_MODEL
    with pytest.raises(TransientError):
        case.require_open()


def test_a_full_queue_is_told_before_the_body_is_read(data_dir: Path) -> None:
    half = PoolView(identity=SERVED.identity, live_workers=1, waiting=5, open=5, waiting_s=0.0)
    case = Case(data_dir, FakeLedger(pool_view=half))
    with pytest.raises(TransientError) as caught:
        case.require_open()
    assert caught.value.code is ErrorCode.QUEUE_FULL


def test_with_several_models_the_body_is_read_while_one_of_them_is_served(data_dir: Path) -> None:
    unserved = PoolView(identity=None, live_workers=0, waiting=0, open=0, waiting_s=0.0)

    def look(given: dict[str, Any]) -> PoolView:
        return unserved if given["pool"].endswith("demo") else SERVED

    case = Case(data_dir, FakeLedger(pool_view=look))
    case.require_open()
    assert case.refused() is ErrorCode.NO_WORKER_FOR_MODEL


def test_another_model_is_another_pool(data_dir: Path) -> None:
    case = Case(data_dir, FakeLedger(submit=answers(SubmitOutcome.CREATED)))
    case.submit(("model", "large"))
    assert case.ledger.calls["submit"][0]["pool"] == "recognise.faster-whisper.large"
    assert case.manifests[0].model == "large"
