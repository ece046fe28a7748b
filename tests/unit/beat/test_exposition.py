"""The housekeeper's own metrics."""

import socket
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest

from beat import exposition
from beat.exposition import HouseExposition, LastRounds, note_round
from stenopool.local.ports import LOOPBACK
from stenopool.settings import load_settings
from tests.integration.metrics.exposed import samples


def told() -> str:
    registry = CollectorRegistry()
    registry.register(LastRounds())
    return generate_latest(registry).decode()


def test_a_round_that_failed_does_not_count_as_done() -> None:
    exposition._last_done.clear()
    note_round("store.retain", is_done=True)
    note_round("usage.roll_up", is_done=False)
    assert set(samples(told())["transcription_house_last_done_timestamp_seconds"]) == {(("task", "store.retain"),)}


def test_a_port_that_is_taken_costs_the_metrics_and_not_the_housekeeping(data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        settings = load_settings({"WORKER_METRICS_PORT": str(taken.getsockname()[1]), "DATA_DIR": str(data_dir)})
        assert HouseExposition.start(settings) is None


def test_nothing_is_served_unless_asked_for(data_dir: Path) -> None:
    assert HouseExposition.start(load_settings({"DATA_DIR": str(data_dir)})) is None
