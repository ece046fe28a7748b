"""A worker's own metrics with real Celery children: counted in them, told by the main process, as one sum."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest
from celery import Celery

from stenopool import metrics
from stenopool.instruments import names
from stenopool.local.ports import LOOPBACK, free_port
from stenopool.local.processes import Child, Command
from stenopool.queueing.celery_app import bell_queue, ringing_settings
from stenopool.settings import Settings, child_environment, load_settings, share_metrics
from tests.integration.metrics.counting_worker import POOL, QUEUE
from tests.integration.metrics.exposed import samples, value
from tests.waiting import wait_until
from worker import exposition

ROOT: Final = Path(__file__).resolve().parents[3]
LIMIT_S: Final = 30.0


class CountingWorker:
    """The worker of ``counting_worker`` as a process."""

    def __init__(self, settings: Settings, child: Child) -> None:
        self.child = child
        self.address = f"http://{LOOPBACK}:{settings.worker_metrics_port}"
        self.run_dir = settings.data_dir / "run"
        self._sender = Celery("sender", set_as_current=False, fixups=[])
        self._sender.conf.update(ringing_settings(settings))

    def send(self, task: str, times: int = 1) -> None:
        for _ in range(times):
            self._sender.send_task(task, queue=bell_queue(QUEUE), declare=[], ignore_result=True)

    def text(self) -> str:
        """Empty while nobody answers."""
        assert self.child.exit_code is None, self.child.log_tail(40)
        try:
            return httpx.get(f"{self.address}/metrics", trust_env=False, timeout=5).text
        except httpx.TransportError:
            return ""

    def close(self) -> None:
        self._sender.close()
        self.child.stop(15)


@pytest.fixture
def counting(redis_url: str, data_dir: Path) -> Iterator[CountingWorker]:
    given = {
        "REDIS_URL": redis_url,
        "DATA_DIR": str(data_dir),
        "ENGINE": "fake",
        "ALLOW_FAKE_ENGINE": "true",
        "WORKER_METRICS_PORT": str(free_port()),
    }
    argv = ["-m", "celery", "-A", "tests.integration.metrics.counting_worker", "worker", "-Q", QUEUE]
    quiet = ["--without-gossip", "--without-mingle", "--loglevel", "INFO"]
    environment = child_environment({**given, "PYTHONPATH": str(ROOT)})
    child = Child(Command("worker", [sys.executable, *argv, *quiet], data_dir / "worker.log", environment, ROOT))
    worker = CountingWorker(load_settings(given), child)
    yield worker
    worker.close()


UNITS = "transcription_worker_units_total"


def test_children_are_one_sum_and_a_dead_ones_counts_stay(counting: CountingWorker) -> None:
    counting.send("count", 6)
    wait_until(lambda: value(counting.text(), UNITS, stage="span", ending="done") == 6, LIMIT_S, "six units")
    counting.send("die")
    wait_until(lambda: "signal 9" in counting.child.log_tail(200), LIMIT_S, "a child's death")
    counting.send("count", 2)
    wait_until(lambda: value(counting.text(), UNITS, stage="span", ending="done") == 8, LIMIT_S, "eight units")
    told = counting.text()
    assert value(told, UNITS, stage="prepare", ending="given_back") == 8
    assert value(told, "transcription_worker_attempts_total", stage="prepare") == 8
    assert value(told, "transcription_worker_failures_total", code="undecodable_media") == 8
    assert value(told, "transcription_stage_duration_seconds_sum", stage="span") == 8 * 2.5
    assert value(told, "transcription_audio_seconds_processed_total", pool=POOL) == 80
    # 2.5 s of work for 10 s of audio.
    assert value(told, "transcription_real_time_factor_bucket", pool=POOL, le="0.2") == 0
    assert value(told, "transcription_real_time_factor_bucket", pool=POOL, le="0.3") == 8


def test_every_metric_of_a_worker_moves_and_goes_with_it(counting: CountingWorker) -> None:
    counting.send("count")
    wait_until(lambda: value(counting.text(), UNITS, stage="span", ending="done") == 1, LIMIT_S, "a unit")
    told = samples(counting.text())
    still = [
        name for name in names(metrics.OF_WORKER) if not any((told.get(name) or told.get(f"{name}_sum") or {}).values())
    ]
    assert not still
    counting.close()
    assert not list(counting.run_dir.glob("metrics-worker-*"))


@pytest.mark.needs("promtool")
def test_promtool_finds_nothing_to_say_of_a_worker(counting: CountingWorker) -> None:
    counting.send("count")
    wait_until(lambda: value(counting.text(), UNITS, stage="span", ending="done") == 1, LIMIT_S, "a unit")
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=counting.text(), capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def settings_with(data_dir: Path, port: int | None) -> Settings:
    given = {} if port is None else {"WORKER_METRICS_PORT": str(port)}
    return load_settings({"DATA_DIR": str(data_dir), **given})


def test_nobody_is_served_unless_asked_for(data_dir: Path) -> None:
    settings = settings_with(data_dir, None)
    assert exposition.WorkerExposition.start(settings) is None
    assert exposition.join(settings) is None
    assert not list(data_dir.iterdir())


def test_port_0_is_any_free_port_on_loopback(data_dir: Path) -> None:
    first = exposition.WorkerExposition.start(settings_with(data_dir, 0))
    assert first is not None
    try:
        assert httpx.get(f"http://{LOOPBACK}:{first.port}/metrics", trust_env=False).status_code == 200
        # A port that is taken costs the second one its metrics, not its work.
        assert exposition.WorkerExposition.start(settings_with(data_dir / "other", first.port)) is None
    finally:
        first.close()
        share_metrics(None)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://{LOOPBACK}:{first.port}/metrics", trust_env=False)
