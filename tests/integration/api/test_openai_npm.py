"""The official JavaScript client, unchanged, against a real API process."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.local.redis_server import RedisServer
from stenopool.media.local_store import LocalStore
from stenopool.redis_pools import redis_client
from tests.integration.api.calls import LIMIT_S, answered, calling, failed, wait_for_work
from tests.integration.api.conftest import POOL, wav
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.api.server import ApiServer
from tests.waiting import wait_until

pytestmark = pytest.mark.needs("node")

SOURCE = Path(__file__).parents[2] / "clients/openai-npm"
INSTALL_LIMIT_S = 100

Call = Callable[..., Callable[[], dict[str, Any]]]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client as its lock has it, installed in a folder of its own."""
    folder = tmp_path_factory.mktemp("npm") / "openai"
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("node_modules"))
    arguments = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, timeout=INSTALL_LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def call(package: Path, api: ApiServer, tmp_path: Path, recording: bytes) -> Call:
    """``call(name)`` makes the call of that name when it is called; see call.mjs."""
    return call_of(package, api, tmp_path, recording)


def call_of(package: Path, api: ApiServer, folder: Path, recording: bytes, tries: int = 1) -> Call:
    file = folder / "talk.wav"
    file.write_bytes(recording)

    def prepared(name: str) -> Callable[[], dict[str, Any]]:
        arguments = ["node", "call.mjs", api.address, str(file), name, str(tries)]

        def run() -> dict[str, Any]:
            done = subprocess.run(arguments, cwd=package, capture_output=True, text=True, timeout=LIMIT_S, check=False)
            assert done.returncode == 0, done.stderr
            answer = json.loads(done.stdout)
            assert isinstance(answer, dict)
            return answer

        return run

    return prepared


def test_json_has_text_and_usage(call: Call, ledger: Ledger, worker: ScriptedWorker) -> None:
    value = answered(call("json"), ledger, worker)["value"]
    assert value == {"text": "good morning", "usage": {"type": "duration", "seconds": 8.0}}


def test_a_file_may_be_read_while_it_is_sent(call: Call, ledger: Ledger, worker: ScriptedWorker) -> None:
    assert answered(call("from a stream"), ledger, worker)["value"]["text"] == "good morning"


def test_texts_and_subtitles_are_strings(call: Call, ledger: Ledger, worker: ScriptedWorker) -> None:
    assert answered(call("text"), ledger, worker) == {"value": "good morning\n"}
    srt, vtt = call("srt")()["value"], call("vtt")()["value"]
    assert srt.rstrip().splitlines() == ["1", "00:00:01,000 --> 00:00:03,500", "good morning"]
    assert vtt.startswith("WEBVTT\n")
    assert "00:00:01.000 --> 00:00:03.500\ngood morning" in vtt


def test_verbose_json_has_words_and_segments(call: Call, ledger: Ledger, worker: ScriptedWorker) -> None:
    value = answered(call("words"), ledger, worker)["value"]
    assert value["words"] == [
        {"word": "good", "start": 1.0, "end": 1.5},
        {"word": "morning", "start": 2.0, "end": 2.5},
    ]
    assert (value["language"], value["duration"], value["segments"][0]["text"]) == ("english", 8.0, "good morning")


def test_a_stream_brings_deltas_and_the_whole_text(call: Call, ledger: Ledger, worker: ScriptedWorker) -> None:
    assert answered(call("stream"), ledger, worker)["value"] == [
        {"type": "transcript.text.delta", "delta": "good morning"},
        {"type": "transcript.text.done", "text": "good morning"},
    ]


def test_a_translation_is_in_english(call: Call, ledger: Ledger, worker: ScriptedWorker) -> None:
    value = answered(call("translation"), ledger, worker)["value"]
    assert (value["task"], value["language"], value["text"]) == ("translate", "english", "good morning")


def test_options_arrive(call: Call, ledger: Ledger, worker: ScriptedWorker) -> None:
    with calling(call("options")) as answer:
        wait_for_work(ledger)
        worker.prepare()
        span = worker.recognise()
        options = json.loads(span.options)
        worker.finish(span)
        assert answer.result(LIMIT_S)["value"]["text"] == "good morning"
    assert (options["language"], options["initial_prompt"]) == ("en", "ZyntriQix")
    assert (options["temperature"], options["vad_filter"]) == (0.2, False)


def test_the_models_are_listed(call: Call, worker: ScriptedWorker) -> None:
    assert call("models")() == {"value": ["whisper-1", "demo"]}


def test_an_unknown_model_is_told_what_is_offered(call: Call, worker: ScriptedWorker) -> None:
    error = call("unknown model")()["error"]
    assert (error["kind"], error["status"], error["code"]) == ("NotFoundError", 404, "model_not_found")
    assert error["param"] == "model"
    assert "models are: whisper-1, demo" in error["message"]


def test_words_without_times_are_refused(call: Call, worker: ScriptedWorker) -> None:
    error = call("words without times")()["error"]
    assert (error["kind"], error["status"], error["code"]) == ("BadRequestError", 400, "invalid_option")
    assert "verbose_json" in error["message"]


def test_an_upload_over_the_limit_is_told(
    package: Path, api: ApiServer, worker: ScriptedWorker, tmp_path: Path
) -> None:
    error = call_of(package, api, tmp_path, wav(3 << 20))("json")()["error"]
    assert (error["status"], error["code"], error["param"]) == (413, "file_too_large", "file")
    assert "larger than 2 MiB" in error["message"]


def test_a_file_that_is_no_recording_is_told(
    package: Path, api: ApiServer, worker: ScriptedWorker, tmp_path: Path
) -> None:
    error = call_of(package, api, tmp_path, b"no recording")("json")()["error"]
    assert (error["kind"], error["status"], error["code"]) == ("BadRequestError", 400, "not_audio")


def test_a_recording_that_fails_is_told_once_with_its_reason(
    package: Path, api: ApiServer, ledger: Ledger, worker: ScriptedWorker, tmp_path: Path, recording: bytes
) -> None:
    call = call_of(package, api, tmp_path, recording, tries=3)
    error = failed(call("json"), ledger, worker, "engine_failed")["error"]
    assert (error["kind"], error["code"], error["type"]) == ("InternalServerError", "engine_failed", "server_error")
    assert error["job"]
    assert worker.claim("prepare") is None


def test_an_error_after_the_first_event_is_raised_too(call: Call, ledger: Ledger, worker: ScriptedWorker) -> None:
    error = failed(call("stream"), ledger, worker, "no_audio")["error"]
    assert (error["kind"], error["code"], error["param"]) == ("APIError", "no_audio", "file")
    assert "no audio track" in error["message"]


def test_a_retry_after_a_time_out_joins_the_running_work(
    package: Path, own_redis: RedisServer, data_dir: Path, tmp_path: Path, recording: bytes
) -> None:
    with (
        ApiServer(own_redis.url, data_dir, {"OPENAI_WAIT_S": "0.5"}) as api,
        redis_client(own_redis.url) as client,
    ):
        ledger = Ledger(client, lambda _bells: None)
        worker = ScriptedWorker(ledger, LocalStore(data_dir / "store"), POOL)
        worker.register()
        with calling(call_of(package, api, tmp_path, recording, tries=20)("json")) as answer:
            wait_for_work(ledger)
            worker.prepare()
            span = worker.recognise()
            wait_until(lambda: len(ledger.do(op.jobs_of(span.transcription_id))) == 2, LIMIT_S, "the retry to join")
            worker.finish(span)
            assert answer.result(LIMIT_S)["value"]["text"] == "good morning"
