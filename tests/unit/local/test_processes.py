"""Children of the local runner: tied to its life, out of reach of its terminal, ended when asked."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from stenopool.local.processes import Child, Command
from tests.processes import is_running
from tests.waiting import wait_until

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]


def start(argv: list[str], folder: Path, stdin: bytes = b"") -> Child:
    return Child(Command("sleeper", argv, folder / "child.log", stdin=stdin))


def start_up(argv: list[str], folder: Path) -> Child:
    child = start(argv, folder)
    wait_until(lambda: "up" in child.log_tail(), 10, "the child to come up")
    return child


def test_a_child_dies_when_its_runner_is_killed(tmp_path: Path) -> None:
    runner_code = (
        "import sys, time; from pathlib import Path\n"
        "from stenopool.local.processes import Child, Command\n"
        f"child = Child(Command('sleeper', {SLEEPER!r}, Path({str(tmp_path / 'child.log')!r})))\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", runner_code], stdout=subprocess.PIPE, text=True) as runner:
        assert runner.stdout is not None
        child_pid = int(runner.stdout.readline())
        wait_until(lambda: "up" in (tmp_path / "child.log").read_text(), 10, "the child to come up")
        runner.kill()
    wait_until(lambda: not is_running(child_pid), 5, "the child to die")


def test_a_child_that_lost_its_parent_before_the_tie_does_not_start(tmp_path: Path) -> None:
    from stenopool.local import tied_child  # noqa: PLC0415 - only its place is wanted

    not_my_parent = str(os.getpid() + 1)
    done = subprocess.run(
        [sys.executable, str(tied_child.__file__), not_my_parent, "touch", str(tmp_path / "started")], check=False
    )
    assert done.returncode == 1
    assert not (tmp_path / "started").exists()


def test_a_child_has_its_own_session_so_that_ctrl_c_passes_it_by(tmp_path: Path) -> None:
    child = start_up(SLEEPER, tmp_path)
    assert os.getsid(child.pid) == child.pid != os.getsid(0)
    child.kill()


def test_a_child_is_refused_to_any_thread_but_the_main_one(tmp_path: Path) -> None:
    refused: list[BaseException] = []

    def attempt() -> None:
        try:
            start(SLEEPER, tmp_path)
        except RuntimeError as error:
            refused.append(error)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    assert len(refused) == 1


def test_stop_ends_a_child_that_listens_to_sigterm(tmp_path: Path) -> None:
    child = start_up(SLEEPER, tmp_path)
    child.stop(limit_s=10)
    assert child.exit_code == -signal.SIGTERM


def test_stop_kills_a_child_that_ignores_sigterm(tmp_path: Path) -> None:
    child = start_up(STUBBORN, tmp_path)
    child.stop(limit_s=0.1)
    assert child.exit_code == -signal.SIGKILL


def test_kill_takes_the_children_of_the_child_along(tmp_path: Path) -> None:
    child = start(["sh", "-c", "sleep 60 & echo $! up; wait"], tmp_path)
    wait_until(lambda: "up" in child.log_tail(), 10, "the child to come up")
    grandchild = int(child.log_tail().split()[0])
    child.kill()
    wait_until(lambda: not is_running(grandchild), 5, "the grandchild to die")


def test_the_log_tail_holds_this_run_alone(tmp_path: Path) -> None:
    assert start(["echo", "the run before"], tmp_path).wait(10)
    child = start(["sh", "-c", "echo second; echo its last line"], tmp_path)
    assert child.wait(10)
    assert child.log_tail() == "second\nits last line"
    assert child.log_tail(lines=1) == "its last line"


def test_a_program_that_is_not_there_says_so_in_its_log(tmp_path: Path) -> None:
    child = start([str(tmp_path / "nothing")], tmp_path, stdin=b"x" * 1_000_000)
    assert child.wait(10)
    assert child.exit_code == 1
    assert "No such file" in child.log_tail()


@pytest.mark.parametrize("stdin", [b"", b"a password"])
def test_a_child_reads_what_was_meant_for_it(tmp_path: Path, stdin: bytes) -> None:
    child = start(["cat"], tmp_path, stdin)
    assert child.wait(10)
    assert child.log_tail() == stdin.decode()
