"""`stenopool demo`: one recording through the whole platform, from upload to transcript, in a place that vanishes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from stenopool.local.api_client import ApiClient
from stenopool.local.commands import Choice, Place
from stenopool.local.display import Display, clock
from stenopool.local.engine_choice import DEMO, choose, fetch
from stenopool.local.errors import StartError
from stenopool.local.ports import next_free_port
from stenopool.local.redis_server import RedisServer, find_redis_server
from stenopool.local.stack import Stack
from stenopool.local.stopping import StopSignals
from stenopool.local.word_errors import word_error_rate
from stenopool.settings import child_environment, load_settings

MAX_WORD_ERROR_RATE: Final = 0.1
"""Of the demo model on the sample that was made for it."""

_POLL_S: Final = 0.2
_ENDED: Final = ("completed", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class DemoRequest:
    """What the person asked for. ``started_s`` is when set-up began, in seconds since 1970."""

    root: Path
    """The project's folder: samples, caches."""
    file: Path | None
    model: str
    started_s: float

    @property
    def recording(self) -> Path:
        """The person's file, else the repository's sample."""
        return self.file or self.root / "samples" / "demo.flac"

    @property
    def script(self) -> Path:
        """The words of the sample."""
        return self.root / "samples" / "demo.txt"


def run_demo(request: DemoRequest, display: Display, signals: StopSignals) -> None:
    """Sets up, transcribes, prints, stops everything.

    Raises:
        StenopoolError: anything failed, or the words are wrong.
        StopRequestedError: a signal came; nothing is left behind.
    """
    if not request.recording.is_file():
        raise StartError(f"no such file: {request.recording}")
    choice = _choice(request, display)
    redis_program = find_redis_server(request.root / ".cache", display.line)
    settings = load_settings(child_environment({"ENGINE": ""}))
    with TemporaryDirectory(prefix="stenopool-demo-", ignore_cleanup_errors=True) as folder:
        data_dir = Path(folder)
        redis = RedisServer(redis_program, data_dir / "redis", data_dir / "logs" / "redis.log")
        port = next_free_port(settings.api_port, display.line)
        # Nobody will come back for the work in hand, so a stop waits for none.
        place = Place(data_dir, "127.0.0.1", port, stop_grace_s=0)
        with Stack(place, choice, redis, signals) as stack:
            stack.start(display.line)
            ready_s = time.time()
            display.line(f"ready at {place.address} with {choice.engine}, model {choice.model}")
            with stack.client() as client:
                result = _transcribe(client, request.recording, display, stack.watch)
            took_s = time.time() - ready_s
            _print_transcript(result, display)
    _print_times(ready_s - request.started_s, took_s, result, display)
    if request.file is None and choice == DEMO:
        _check_words(request.script.read_text(encoding="utf-8"), result)
    if choice.engine == "pocketsphinx":
        display.line("PocketSphinx is small and quick, not exact. For Whisper: " + _whisper_line(request))


def _choice(request: DemoRequest, display: Display) -> Choice:
    if request.model:
        display.line(f"weights of {request.model}")
        fetch(request.model)
        return choose(request.model)
    return DEMO if request.file is None else choose()


def _transcribe(client: ApiClient, recording: Path, display: Display, watch: Callable[[], None]) -> dict[str, Any]:
    display.line(f"sending {recording.name}")
    job_id = client.submit(recording)
    with display.bar() as bar:
        while True:
            status = client.status(job_id)
            if status["status"] in _ENDED:
                break
            bar.show(status["status"], float(status.get("progress") or 0.0))
            watch()
            time.sleep(_POLL_S)
    if status["status"] != "completed":
        error = status.get("error") or {}
        raise StartError(f"the job ended as {status['status']}: {_reason(error) or status.get('message')}")
    return client.result(job_id)


def _reason(error: dict[str, Any]) -> str:
    return ": ".join(str(error[name]) for name in ("code", "message", "hint") if error.get(name))


def _print_transcript(result: dict[str, Any], display: Display) -> None:
    display.line()
    for segment in result["segments"]:
        display.line(f"[{clock(segment['start'])} - {clock(segment['end'])}] {segment['text'].strip()}")
    if not result["segments"]:
        display.line("(no words were heard)")
    display.line()
    for warning in result.get("warnings") or ():
        display.line(f"warning: {warning}")


def _print_times(set_up_s: float, took_s: float, result: dict[str, Any], display: Display) -> None:
    duration_s = float(result["duration"])
    display.line(f"engine {result['engine']}, model {result['model']}, language {result['language']}")
    display.line(
        f"set-up {set_up_s:.1f} s, transcription {took_s:.1f} s for {duration_s:.1f} s of audio"
        f" ({duration_s / max(took_s, 0.001):.1f} times as fast as it plays)"
    )


def _check_words(script: str, result: dict[str, Any]) -> None:
    rate = word_error_rate(script, result["text"])
    if rate > MAX_WORD_ERROR_RATE:
        raise StartError(f"the words are wrong: word error rate {rate:.2f}, at most {MAX_WORD_ERROR_RATE} is right")


def _whisper_line(request: DemoRequest) -> str:
    return f'make demo MODEL=base FILE="{request.recording}"'
