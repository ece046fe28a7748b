"""``stenopool jobs retry``: the morning after, on a real ledger and store."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from stenopool.jobs_command import jobs_app
from stenopool.ledger import keys
from stenopool.media.epoch import write_epoch
from stenopool.queueing.names import BELL_PREFIX
from stenopool.rebuild import rebuild_if_lost
from stenopool.redis_pools import redis_client
from tests.integration.rebuild.office import Office


@pytest.fixture
def office(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    with redis_client(redis_url) as client:
        client.flushall()
        yield Office(client, tmp_path)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def failed(office: Office, recording: str, code: str = "worker_lost") -> str:
    job_id = office.submit(recording)
    office.worker.fail(office.worker.prepare_only(), code)
    return job_id


def run(*arguments: str) -> Result:
    return CliRunner().invoke(jobs_app, ["retry", *arguments])


def test_jobs_that_failed_by_a_code_are_tried_again_and_counted(office: Office) -> None:
    lost = [failed(office, "a"), failed(office, "b")]
    other = failed(office, "c", "no_audio")
    office.submit("done")
    office.finish_all()
    result = run("--failed", "--since", "2h", "--code", "worker_lost")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "2")
    assert office.shown(other).answer == "failed"
    # Rung for, and done by whoever hears it.
    assert office.client.llen(BELL_PREFIX + "prepare") == 2
    office.finish_all()
    assert {office.shown(job_id).answer for job_id in lost} == {"completed"}
    assert run("--failed", "--code", "worker_lost").stdout.splitlines()[-1] == "0"


def test_a_dry_run_only_counts(office: Office) -> None:
    job_id = failed(office, "a")
    assert run("--failed", "--dry-run").stdout.splitlines()[-1] == "1"
    assert office.shown(job_id).answer == "failed"


def test_age_and_tenant_tell_jobs_apart(office: Office) -> None:
    job_id = failed(office, "a")
    assert run("--failed", "--tenant", "bob", "--dry-run").stdout.splitlines()[-1] == "0"
    assert run("--failed", "--tenant", "ann", "--dry-run").stdout.splitlines()[-1] == "1"
    run_id = office.shown(job_id).transcription_id
    ended = int(str(office.client.hget(keys.run(run_id), "ended")))
    office.client.hset(keys.run(run_id), "ended", ended - 3 * 3_600_000)
    assert run("--failed", "--since", "2h", "--dry-run").stdout.splitlines()[-1] == "0"
    assert run("--failed", "--since", "4h", "--dry-run").stdout.splitlines()[-1] == "1"


def test_a_job_whose_recording_is_gone_is_named_and_left(office: Office) -> None:
    job_id = failed(office, "a")
    for key in list(office.store.keys("media/")):
        office.store.delete(key)
    result = run("--failed")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "0")
    assert "1 not: need_media" in result.output
    assert office.shown(job_id).answer == "failed"


def test_a_rebuild_goes_on_with_what_was_tried_again(office: Office) -> None:
    job_id = failed(office, "a")
    run("--failed")
    office.lose_redis()
    rebuild_if_lost(office.client, office.ledger, office.store)
    assert office.shown(job_id).answer == "queued"


@pytest.mark.parametrize(
    "arguments", [(), ("--failed", "--since", "soon"), ("--failed", "--code", "nonsense")], ids=["all", "since", "code"]
)
def test_a_wrong_call_says_what_to_change(office: Office, arguments: tuple[str, ...]) -> None:
    failed(office, "a")
    result = run(*arguments)
    assert result.exit_code == 2
    assert "--" in result.output


def test_a_store_of_another_ledger_is_left_alone(office: Office) -> None:
    job_id = failed(office, "a")
    write_epoch(office.store, "another")
    result = run("--failed")
    assert result.exit_code == 1
    assert "DATA_DIR" in result.output
    assert office.shown(job_id).answer == "failed"


@pytest.mark.usefixtures("office")
def test_without_redis_the_command_ends_with_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    result = run("--failed")
    assert result.exit_code == 1
    assert result.output.strip().splitlines()[-1].startswith("stenopool: ")
