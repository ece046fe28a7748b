"""A real worker tells what its children did, on its own port, and in the ledger where its model runs."""

import httpx

from stenopool.ledger import operations as op
from stenopool.local.ports import LOOPBACK, free_port
from tests.integration.metrics.exposed import value
from tests.integration.worker.ground import POOL, Ground
from tests.waiting import wait_until


def test_a_worker_tells_what_its_children_did_and_where_its_model_runs(grounds: Ground) -> None:
    port = free_port()
    grounds.start("-Q", "prepare")
    worker = grounds.start("-Q", POOL, WORKER_METRICS_PORT=str(port))
    grounds.completed(grounds.submit())

    def told(name: str, **labels: str) -> float:
        text = httpx.get(f"http://{LOOPBACK}:{port}/metrics", trust_env=False, timeout=5).text
        return value(text, f"transcription_{name}", **labels)

    # The commit is counted a moment after the ledger took it.
    wait_until(lambda: told("worker_units_total", stage="assemble", ending="done") == 1, 5, "the run's last unit")
    assert told("worker_attempts_total", stage="span") == 1
    assert told("stage_duration_seconds_count", stage="span") == 1
    assert told("audio_seconds_processed_total", pool=POOL) > 0
    devices = {seen.device for seen in grounds.ledger.do(op.census()).workers.values() if POOL in seen.pools}
    assert devices == {"cpu"}
    worker.child.ask_to_end()
    assert worker.exit_code(30) == 0
    assert not list((grounds.settings.data_dir / "run").glob("metrics-*"))
