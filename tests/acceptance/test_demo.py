"""`make demo` as a newcomer meets it."""

import contextlib
import re
import shutil
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from stenopool.local.word_errors import word_error_rate
from tests.acceptance.bare_machine import BareMachine
from tests.waiting import wait_until

pytestmark = [pytest.mark.needs("make", "redis-6.2"), pytest.mark.timeout(600)]

DEAD_PROXY = "http://127.0.0.1:9"
"""Nobody listens on the discard port."""


@dataclass(frozen=True)
class Demo:
    """A demo that has ended."""

    exit_code: int
    output: str
    left_behind: set[int]
    new_files: set[str]


def run_demo(machine: BareMachine, *arguments: str, **environment: str) -> Demo:
    before = machine.files()
    with machine.make("demo", *arguments, **environment) as demo:
        exit_code = demo.end(limit_s=500)
        new_files = {str(path) for path in machine.files() - before}
        return Demo(exit_code, demo.output, demo.left_behind(), new_files)


@pytest.fixture(scope="module")
def first_demo(machine: BareMachine) -> Demo:
    """The first ever: it sets up first."""
    return run_demo(machine)


@pytest.fixture(scope="module")
def taken_port() -> Iterator[int]:
    """Port 8000, taken by this test unless somebody else has it."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            server.bind(("127.0.0.1", 8000))
            server.listen()
        yield 8000


@pytest.fixture(scope="module")
def second_demo(machine: BareMachine, first_demo: Demo, taken_port: int) -> Demo:
    """The next one: in the C locale, without colours, behind a proxy that is dead, with its port taken."""
    surroundings = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"), DEAD_PROXY)
    surroundings |= {"LANG": "C", "LC_ALL": "C", "NO_COLOR": "1", "NO_PROXY": "", "no_proxy": ""}
    return run_demo(machine, **surroundings)


def test_it_sets_itself_up_and_exits_0(first_demo: Demo) -> None:
    assert first_demo.exit_code == 0, first_demo.output
    assert re.search(r"about \d+ MB to fetch", first_demo.output)
    assert "fetching Redis 6.2.14" in first_demo.output


def test_it_prints_the_words_of_the_sample_with_times(machine: BareMachine, first_demo: Demo) -> None:
    lines = re.findall(r"^\[\d\d:\d\d\.\d - \d\d:\d\d\.\d\] (.+)$", first_demo.output, re.MULTILINE)
    script = (machine.tree / "samples" / "demo.txt").read_text()
    assert word_error_rate(script, " ".join(lines)) <= 0.1, first_demo.output


def test_it_tells_engine_and_how_long_it_took(first_demo: Demo) -> None:
    assert "engine faster-whisper, model demo" in first_demo.output
    assert re.search(r"set-up [\d.]+ s, transcription [\d.]+ s for [\d.]+ s of audio", first_demo.output)


def test_it_leaves_no_process_and_no_file(first_demo: Demo) -> None:
    assert first_demo.left_behind == set()
    assert first_demo.new_files == set()


def test_the_second_one_works_on_a_taken_port_behind_a_dead_proxy(second_demo: Demo) -> None:
    assert second_demo.exit_code == 0, second_demo.output
    assert re.search(r"port 8000 is taken: using 8\d\d\d", second_demo.output)


def test_the_second_one_sets_nothing_up(second_demo: Demo) -> None:
    assert "setup:" not in second_demo.output
    assert "fetching" not in second_demo.output


def test_without_a_terminal_it_prints_plain_lines(second_demo: Demo) -> None:
    assert second_demo.output.replace("\n", "").isprintable()
    assert second_demo.output.isascii()


def test_a_file_that_is_not_there_is_said_with_exit_code_1(machine: BareMachine, first_demo: Demo) -> None:
    demo = run_demo(machine, "FILE=no such talk's.mp3")
    assert demo.exit_code != 0
    assert "no such file: no such talk's.mp3" in demo.output
    assert "Traceback" not in demo.output


@pytest.mark.parametrize("moment", ["starting Redis", "sending"])
def test_ctrl_c_leaves_no_process_and_no_file(machine: BareMachine, first_demo: Demo, moment: str) -> None:
    before = machine.files()
    with machine.make("demo") as demo:
        demo.wait_for(moment)
        demo.ctrl_c()
        assert demo.end(limit_s=40) != 0
        assert "Traceback" not in demo.output
        assert demo.left_behind() == set()
        assert machine.files() == before


def test_ctrl_c_in_mid_recognition_leaves_no_process_and_no_file(machine: BareMachine, first_demo: Demo) -> None:
    before = machine.files()
    # Two minutes of speech: a quarter of a minute of work for PocketSphinx at the least.
    with machine.make("demo", "FILE=samples/long.ogg") as demo:
        demo.wait_for("processing")
        demo.ctrl_c()
        demo.end(limit_s=40)
        assert "Traceback" not in demo.output
        assert demo.left_behind() == set()
        assert machine.files() == before


def test_a_person_s_own_file_goes_to_pocketsphinx_and_the_line_that_gets_whisper_is_told(
    machine: BareMachine, first_demo: Demo
) -> None:
    talk = machine.folder / "it's my talk.flac"
    shutil.copy(machine.tree / "samples" / "flite-slt.flac", talk)
    demo = run_demo(machine, f"FILE={talk}", HF_HOME=str(machine.folder / "empty hub"))
    assert demo.exit_code == 0, demo.output
    assert "engine pocketsphinx" in demo.output
    assert f'make demo MODEL=base FILE="{talk}"' in demo.output


def test_ctrl_c_twice_ends_at_once(machine: BareMachine, first_demo: Demo) -> None:
    before = machine.files()
    with machine.make("demo") as demo:
        demo.wait_for("ready at")
        # An orderly stop would wait for it: a quarter of a minute, then kill it.
        demo.signal_one(b"api.main:create_app", signal.SIGSTOP)
        demo.ctrl_c()
        # Two signals at the same moment are one.
        demo.wait_for("stopping")
        demo.ctrl_c()
        demo.end(limit_s=10)
        assert demo.left_behind() == set()
        assert machine.files() == before


def test_a_killed_runner_takes_its_children_along(machine: BareMachine, first_demo: Demo) -> None:
    with machine.make("demo") as demo:
        demo.wait_for("ready at")
        demo.signal_one(b"stenopool.cli", signal.SIGKILL)
        demo.end(limit_s=30)
        wait_until(lambda: not demo.left_behind(), 10, "the last process to die")
    for folder in machine.tmp.iterdir():
        # Nobody is left to tidy up after a killed runner but the next person.
        shutil.rmtree(folder)
