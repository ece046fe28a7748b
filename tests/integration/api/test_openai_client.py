"""The official Python client, unchanged, against a real API process."""

import io
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import openai
import pytest
import webvtt
from openai import OpenAI

from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from tests.integration.api.calls import LIMIT_S, answered, calling, client_of, failed, wait_for_work
from tests.integration.api.conftest import wav
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.api.server import ApiServer


@pytest.fixture
def client(api: ApiServer) -> Iterator[OpenAI]:
    with client_of(api) as client:
        yield client


def talk(recording: bytes) -> tuple[str, bytes]:
    return ("talk.wav", recording)


def test_json_has_text_and_usage(client: OpenAI, ledger: Ledger, worker: ScriptedWorker, recording: bytes) -> None:
    answer = answered(
        lambda: client.audio.transcriptions.create(model="whisper-1", file=talk(recording)), ledger, worker
    )
    assert answer.text == "good morning"
    assert answer.usage is not None
    assert answer.usage.type == "duration"
    assert answer.usage.seconds == 8.0


def test_text_is_a_string(client: OpenAI, ledger: Ledger, worker: ScriptedWorker, recording: bytes) -> None:
    answer: object = answered(
        lambda: client.audio.transcriptions.create(model="demo", file=talk(recording), response_format="text"),
        ledger,
        worker,
    )
    assert answer == "good morning\n"


def test_srt_and_vtt_are_subtitles(client: OpenAI, ledger: Ledger, worker: ScriptedWorker, recording: bytes) -> None:
    create = client.audio.transcriptions.create
    srt = answered(lambda: create(model="demo", file=talk(recording), response_format="srt"), ledger, worker)
    vtt = create(model="demo", file=talk(recording), response_format="vtt")
    # Read back by a library that had no part in writing them.
    for read in (webvtt.from_buffer(io.StringIO(str(srt)), "srt"), webvtt.from_buffer(io.StringIO(str(vtt)))):
        [cue] = read.captions
        assert (cue.text, cue.start, cue.end) == ("good morning", "00:00:01.000", "00:00:03.500")


def test_verbose_json_has_segments_by_default(
    client: OpenAI, ledger: Ledger, worker: ScriptedWorker, recording: bytes
) -> None:
    answer = answered(
        lambda: client.audio.transcriptions.create(
            model="whisper-1", file=talk(recording), response_format="verbose_json", language="en"
        ),
        ledger,
        worker,
    )
    assert (answer.text, answer.language, answer.duration) == ("good morning", "english", 8.0)
    assert answer.words is None
    assert answer.segments is not None
    [segment] = answer.segments
    assert (segment.id, segment.start, segment.end, segment.text) == (0, 1.0, 3.5, "good morning")
    # ln 0.75, the scripted confidence.
    assert segment.avg_logprob == pytest.approx(-0.287682, abs=1e-6)
    assert isinstance(segment.tokens, list)


def test_words_come_when_asked_for_with_or_without_segments(
    client: OpenAI, ledger: Ledger, worker: ScriptedWorker, recording: bytes
) -> None:
    create = client.audio.transcriptions.create
    words = answered(
        lambda: create(
            model="whisper-1",
            file=talk(recording),
            response_format="verbose_json",
            timestamp_granularities=["word"],
        ),
        ledger,
        worker,
    )
    assert words.segments is None
    assert words.words is not None
    assert [(word.word, word.start, word.end) for word in words.words] == [("good", 1.0, 1.5), ("morning", 2.0, 2.5)]
    both = create(
        model="whisper-1",
        file=talk(recording),
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert both.words == words.words
    assert both.segments is not None


def test_a_stream_brings_deltas_and_the_whole_text(
    client: OpenAI, ledger: Ledger, worker: ScriptedWorker, recording: bytes
) -> None:
    def call() -> list[Any]:
        return list(client.audio.transcriptions.create(model="whisper-1", file=talk(recording), stream=True))

    *deltas, done = answered(call, ledger, worker)
    assert {event.type for event in deltas} == {"transcript.text.delta"}
    assert "".join(event.delta for event in deltas) == "good morning"
    assert (done.type, done.text) == ("transcript.text.done", "good morning")


def test_a_translation_is_a_job_with_that_task(
    client: OpenAI, ledger: Ledger, worker: ScriptedWorker, recording: bytes
) -> None:
    def call() -> Any:
        with pytest.warns(DeprecationWarning, match="deprecated"):
            return client.audio.translations.create(
                model="whisper-1", file=talk(recording), response_format="verbose_json"
            )

    answer = answered(call, ledger, worker)
    assert (answer.text, answer.language, answer.task) == ("good morning", "english", "translate")


def test_options_of_ours_arrive_by_extra_body(
    client: OpenAI, ledger: Ledger, worker: ScriptedWorker, recording: bytes, api: ApiServer
) -> None:
    answer = answered(
        lambda: client.audio.transcriptions.with_raw_response.create(
            model="whisper-1",
            file=talk(recording),
            prompt="ZyntriQix",
            temperature=0.2,
            extra_body={"vad_filter": False, "hotwords": "Digique", "beam_size": 2},
        ),
        ledger,
        worker,
    )
    job_id = answer.headers["x-job-id"]
    options = client.get(f"{api.address}/result/{job_id}", cast_to=dict[str, Any])["options"]
    assert (options["vad_filter"], options["hotwords"], options["beam_size"]) == (False, "Digique", 2)
    assert (options["initial_prompt"], options["temperature"]) == ("ZyntriQix", 0.2)


def test_the_models_are_listed_and_looked_up(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["whisper-1", "demo"]
    assert client.models.retrieve("demo").id == "demo"
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("Systran/faster-whisper-large-v3")
    assert caught.value.code == "model_not_found"


class Refusal(NamedTuple):
    """A call that differs from a good one in ``fields``, and what its exception says."""

    fields: dict[str, Any]
    status: int
    code: str
    param: str
    text: str


REFUSALS = {
    "model": Refusal({"model": "gpt-5"}, 404, "model_not_found", "model", "models are: whisper-1, demo"),
    "not audio": Refusal({"file": ("a.wav", b"no recording")}, 400, "not_audio", "file", "known formats"),
    "empty": Refusal({"file": ("a.wav", b"")}, 400, "empty_file", "file", "empty"),
    "too large": Refusal({"file": ("a.wav", wav(3 << 20))}, 413, "file_too_large", "file", "larger than 2 MiB"),
    "language": Refusal({"language": "klingon"}, 400, "invalid_option", "language", "unknown language"),
    "words": Refusal(
        {"timestamp_granularities": ["word"]}, 400, "invalid_option", "timestamp_granularities", "verbose_json"
    ),
    "include": Refusal({"include": ["logprobs"]}, 400, "unsupported_field", "include", "not kept"),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_what_was_wrong_stands_in_the_exception(
    client: OpenAI, worker: ScriptedWorker, recording: bytes, refusal: Refusal
) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        client.audio.transcriptions.create(**{"model": "whisper-1", "file": talk(recording), **refusal.fields})
    error = caught.value
    assert (error.status_code, error.code, error.param) == (refusal.status, refusal.code, refusal.param)
    assert error.type == "invalid_request_error"
    assert refusal.text in str(error)
    assert error.request_id


def test_a_recording_that_fails_is_told_once_with_its_reason(
    api: ApiServer, ledger: Ledger, worker: ScriptedWorker, recording: bytes
) -> None:
    def call() -> openai.APIStatusError:
        with (
            client_of(api, max_retries=2) as client,
            pytest.raises(openai.BadRequestError) as caught,
        ):
            client.audio.transcriptions.create(model="whisper-1", file=talk(recording))
        return caught.value

    error = failed(call, ledger, worker, "undecodable_media")
    assert (error.code, error.param) == ("undecodable_media", "file")
    assert "could not be decoded" in str(error)
    assert error.response.headers["x-job-id"]


@pytest.mark.parametrize("reason", ["engine_failed", "transient_too_long"])
def test_a_failure_of_ours_is_not_tried_again_by_the_client(
    api: ApiServer, ledger: Ledger, worker: ScriptedWorker, recording: bytes, reason: str
) -> None:
    def call() -> openai.APIStatusError:
        with client_of(api, max_retries=2) as client, pytest.raises(openai.InternalServerError) as caught:
            client.audio.transcriptions.create(model="whisper-1", file=talk(recording))
        return caught.value

    error = failed(call, ledger, worker, reason)
    assert (error.code, error.type) == (reason, "server_error")
    assert worker.claim("prepare") is None


def test_a_job_that_somebody_cancels_is_not_submitted_again(
    api: ApiServer, ledger: Ledger, worker: ScriptedWorker, recording: bytes
) -> None:
    def call() -> openai.APIStatusError:
        with client_of(api, max_retries=2) as client, pytest.raises(openai.ConflictError) as caught:
            client.audio.transcriptions.create(model="whisper-1", file=talk(recording))
        return caught.value

    with calling(call) as answer:
        wait_for_work(ledger)
        grant = worker.claim("prepare")
        assert grant is not None
        [job] = ledger.do(op.jobs_of(grant.transcription_id))
        httpx.delete(f"{api.address}/job/{job.job_id}", trust_env=False).raise_for_status()
        error = answer.result(LIMIT_S)
    assert error.code == "job_cancelled"
    assert error.response.headers["x-job-id"] == job.job_id
    assert worker.claim("prepare") is None


def test_an_error_after_the_first_event_is_raised_too(
    client: OpenAI, ledger: Ledger, worker: ScriptedWorker, recording: bytes
) -> None:
    def call() -> openai.APIError:
        with pytest.raises(openai.APIError) as caught:
            list(client.audio.transcriptions.create(model="whisper-1", file=talk(recording), stream=True))
        return caught.value

    error = failed(call, ledger, worker, "no_audio")
    assert (error.code, error.param) == ("no_audio", "file")
    assert "no audio track" in str(error)
