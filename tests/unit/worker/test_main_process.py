"""Which workers are refused before they start, and how an engine's threads are shared out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from celery.concurrency.prefork import TaskPool
from celery.concurrency.thread import TaskPool as ThreadPool

from stenopool.settings import Settings, load_settings
from worker.children import is_alive
from worker.duty import engine_threads
from worker.main_process import check_queues, refusal, uses_gpu

RECOGNISE = ("recognise.faster-whisper.base",)


def settings(**values: str) -> Settings:
    return load_settings(values)


def test_several_children_may_share_a_cpu() -> None:
    assert refusal(settings(), RECOGNISE, TaskPool, 4) is None


def test_several_children_on_one_gpu_are_refused() -> None:
    assert "one child per GPU" in (refusal(settings(DEVICE="cuda:0"), RECOGNISE, TaskPool, 2) or "")
    assert refusal(settings(DEVICE="cuda:0"), RECOGNISE, TaskPool, 1) is None


def test_several_children_that_only_prepare_need_no_gpu() -> None:
    assert refusal(settings(DEVICE="cuda"), ("prepare",), TaskPool, 4) is None


def test_a_pool_that_cannot_end_a_hang_is_refused() -> None:
    assert "prefork" in (refusal(settings(), RECOGNISE, ThreadPool, 1) or "")


def test_an_unknown_number_of_children_is_refused() -> None:
    assert "number" in (refusal(settings(), RECOGNISE, TaskPool, 0) or "")


def test_device_auto_is_a_gpu_where_its_driver_is(tmp_path: Path) -> None:
    assert not uses_gpu(settings(DEVICE="auto"), tmp_path / "version")
    (tmp_path / "version").touch()
    assert uses_gpu(settings(DEVICE="auto"), tmp_path / "version")
    assert not uses_gpu(settings(DEVICE="cpu"), tmp_path / "version")
    assert not uses_gpu(settings(DEVICE="auto", ENGINE="pocketsphinx"), tmp_path / "version")


def test_a_queue_that_nobody_rings_is_refused_by_name() -> None:
    check_queues(["a"], ["a", "b"])
    with pytest.raises(SystemExit, match=r"no queue is named c: .* a, b"):
        check_queues(["a", "c"], ["a", "b"])


def test_threads_are_divided_by_children_unless_the_operator_says_how_many() -> None:
    cores = len(os.sched_getaffinity(0))
    assert engine_threads(settings(), 1) == cores
    assert engine_threads(settings(), cores) == 1
    assert engine_threads(settings(), 100) == 1
    assert engine_threads(settings(CPU_THREADS="3"), 2) == 3


def test_a_child_lives_until_it_is_dead_even_before_it_was_reaped() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert is_alive(child.pid)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not is_alive(child.pid)
    child.communicate()
    assert not is_alive(child.pid)


def test_a_stranger_is_no_living_child() -> None:
    assert not is_alive(1)
    assert not is_alive(os.getpid())
