"""Signs of life, and what a health check makes of them."""

import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from stenopool import alive, heartbeat
from stenopool.heartbeat import Heartbeat, last_beat


def age(run_dir: Path, process: str, by_s: float) -> None:
    """As if the process had fallen silent so many seconds ago."""
    for file in run_dir.glob(f"alive-{process}-*"):
        at, word = file.read_text().split()
        file.write_text(f"{float(at) - by_s} {word}")


def test_a_process_that_never_beat_is_not_alive(tmp_path: Path) -> None:
    assert last_beat(tmp_path, "worker") is None
    assert alive.unheard(tmp_path, "worker", must_be_ready=False) == "no sign of life yet"


def test_a_beat_is_heard_until_it_is_too_old(tmp_path: Path) -> None:
    Heartbeat(tmp_path, "worker").beat()
    assert alive.unheard(tmp_path, "worker", must_be_ready=True) is None
    age(tmp_path, "worker", alive.LONGEST_SILENCE_S["worker"] + 1)
    assert alive.unheard(tmp_path, "worker", must_be_ready=False) == "silent for 61 s"


def test_a_worker_that_loads_its_model_lives_and_is_not_ready(tmp_path: Path) -> None:
    Heartbeat(tmp_path, "worker").beat(is_ready=False)
    assert alive.unheard(tmp_path, "worker", must_be_ready=False) is None
    assert alive.unheard(tmp_path, "worker", must_be_ready=True) == "alive, not ready yet"


def test_a_beat_from_before_the_machine_was_started_does_not_count(tmp_path: Path) -> None:
    Heartbeat(tmp_path, "beat").beat()
    age(tmp_path, "beat", -1e6)
    assert last_beat(tmp_path, "beat") is None


def test_another_kind_and_another_host_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Heartbeat(tmp_path, "house").beat()
    assert last_beat(tmp_path, "beat") is None
    monkeypatch.setattr("socket.gethostname", lambda: "elsewhere")
    assert last_beat(tmp_path, "house") is None


def test_the_file_is_not_written_with_every_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Heartbeat(tmp_path, "worker")
    own.beat(is_ready=False)
    own.beat(is_ready=True)
    heard = last_beat(tmp_path, "worker")
    assert heard is not None
    assert not heard.is_ready
    later = time.monotonic() + heartbeat.EVERY_S
    monkeypatch.setattr(time, "monotonic", lambda: later)
    own.beat(is_ready=True)
    heard = last_beat(tmp_path, "worker")
    assert heard is not None
    assert heard.is_ready


def test_an_orderly_end_takes_the_file_away(tmp_path: Path) -> None:
    own = Heartbeat(tmp_path, "house")
    own.beat()
    own.stop()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_takes_nothing_harms_nobody(tmp_path: Path) -> None:
    Heartbeat(tmp_path / "not there", "house").beat()
    Heartbeat(tmp_path / "not there", "house").stop()


def test_a_file_that_is_no_heartbeat_is_no_sign_of_life(tmp_path: Path) -> None:
    Heartbeat(tmp_path, "house").beat()
    for file in tmp_path.iterdir():
        file.write_text("what is this")
    assert last_beat(tmp_path, "house") is None


def test_the_command_tells_its_verdict_and_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    (tmp_path / "run").mkdir()
    assert alive.main(["worker"]) == 1
    Heartbeat(tmp_path / "run", "worker").beat(is_ready=False)
    assert alive.main(["worker"]) == 0
    assert alive.main(["worker", "--ready"]) == 1
    assert capsys.readouterr().out.splitlines() == ["no sign of life yet", "well", "alive, not ready yet"]


@pytest.mark.parametrize(("status", "fault"), [(200, None), (503, "/health/live answers 503")])
def test_a_server_is_asked_on_its_port(status: int, fault: str | None) -> None:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        assert alive.unanswered(server.server_port, "/health/live") == fault
        thread.join()


def test_nobody_at_the_port_is_a_fault_in_one_line(free_port: Any) -> None:
    port = free_port()
    assert alive.unanswered(port, "/health/live") == f"no answer on port {port}: ConnectionRefusedError"
