"""What the doctor says of Python, open files and ports that are really taken."""

import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from stenopool.doctor.finding import Level
from stenopool.doctor.of_host import look_at_open_files, look_at_ports, look_at_python
from stenopool.local.ports import free_port
from stenopool.settings import load_settings


@pytest.mark.parametrize(
    ("version", "level"), [((3, 10, 9), Level.FAIL), ((3, 14, 0), Level.FAIL), ((3, 12, 1), Level.OK)]
)
def test_a_python_that_is_not_served_fails(version: tuple[int, ...], level: Level) -> None:
    assert look_at_python(version).level is level


def test_this_python_is_well() -> None:
    assert look_at_python().level is Level.OK


@pytest.mark.parametrize(("limit", "level"), [(200, Level.FAIL), (1024, Level.WARN), (4096, Level.OK)])
def test_a_limit_of_open_files_that_is_too_low_is_told(limit: int, level: Level) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    try:
        found = look_at_open_files()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (found.level, str(limit) in found.found) == (level, True)


def ports(**given: str) -> dict[str, Level]:
    return {finding.code: finding.level for finding in look_at_ports(load_settings(given))}


def test_free_ports_are_well() -> None:
    assert ports(API_PORT=str(free_port()), WORKER_METRICS_PORT=str(free_port())) == {
        "api_port": Level.OK,
        "metrics_port": Level.OK,
    }
    assert ports(API_PORT="0", WORKER_METRICS_PORT="0") == {"api_port": Level.OK}


class _Ours(BaseHTTPRequestHandler):
    """Answers as the API's probe and a worker's metrics do."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status":"alive"}' if self.path == "/health/live" else b"# HELP transcription_x X.\n")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def our_port() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), _Ours)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_port_that_our_own_processes_have_is_well(our_port: int) -> None:
    assert ports(API_PORT=str(our_port), WORKER_METRICS_PORT=str(our_port)) == {
        "api_port": Level.OK,
        "metrics_port": Level.OK,
    }


def test_a_port_that_somebody_else_has_fails_and_costs_a_worker_its_metrics_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("stenopool.doctor.of_host._ASK_LIMIT_S", 0.1)
    with closing(socket.create_server(("127.0.0.1", 0))) as somebody:
        taken = str(somebody.getsockname()[1])
        assert ports(API_PORT=taken, WORKER_METRICS_PORT=taken) == {
            "api_port": Level.FAIL,
            "metrics_port": Level.WARN,
        }
