"""What tenants may have and what they had, through the running API: each limit by its own code, each day by its counts."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from stenopool.clock import utc_now
from stenopool.ids import new_id
from stenopool.keys.limits import TenantLimits
from stenopool.keys.model import Scope
from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import Plan, PlannedUnit, UnitKind
from stenopool.media.endings import write_endings
from stenopool.media.epoch import read_epoch
from stenopool.media.local_store import LocalStore
from stenopool.redis_pools import redis_client
from stenopool.usage import roll_up
from tests.integration.api.conftest import POOL, wav
from tests.integration.api.place import Place, code_of, job_of, submit
from tests.integration.api.scripted_worker import AUDIO_S, TIMING, ScriptedWorker

AMR_RATE = 2_981
"""Bytes per second that AMR is estimated with: 23.85 kbit/s."""


class Tenant:
    """A tenant of its own for each test, with a client and a worker."""

    def __init__(self, place: Place, http: httpx.Client, name: str, ledger: Ledger) -> None:
        self.place = place
        self.http = http
        self.name = name
        self.ledger = ledger
        self.store = LocalStore(place.server.data_dir / "store")
        self.worker = ScriptedWorker(ledger, self.store, POOL)

    def may(self, **limits: int) -> None:
        self.place.book.set_limits(self.name, TenantLimits(**limits), utc_now())

    def today(self) -> dict[str, object]:
        body = self.http.get("/usage").json()
        assert len(body["data"]) == 30
        today: dict[str, object] = body["data"][-1]
        return today


@pytest.fixture
def tenant(place: Place) -> Iterator[Tenant]:
    name = f"t{new_id()[:8]}"
    with place.client(place.key(name).text) as http, redis_client(place.redis.url) as client:
        tenant = Tenant(place, http, name, Ledger(client, lambda _bells: None))
        tenant.worker.clear()
        yield tenant


def amr(seconds: float) -> bytes:
    """The beginning of an AMR file, as long as its size says."""
    return (b"#!AMR\n" + new_id().encode()).ljust(round(seconds * AMR_RATE), b"\x00")


def test_threat_15_open_jobs_are_limited_but_not_repetitions_and_finished_recordings(tenant: Tenant) -> None:
    tenant.may(active_jobs=1)
    done, recording = wav(), wav()
    job_of(submit(tenant.http, done))
    tenant.worker.complete()
    headers = {"Idempotency-Key": new_id()}
    files = {"file": ("talk.wav", recording)}
    first = tenant.http.post("/transcribe", files=files, headers=headers)
    kept = sorted([*tenant.store.keys("media/"), *tenant.store.keys("manifests/")])
    refused = submit(tenant.http, wav())
    assert (*code_of(refused), refused.headers["retry-after"]) == (429, "quota_active_jobs", "30")
    at_the_other_door = tenant.http.post(
        "/v1/audio/transcriptions", files={"file": ("talk.wav", wav())}, data={"model": "demo"}
    )
    assert code_of(at_the_other_door) == (429, "quota_active_jobs")
    assert sorted([*tenant.store.keys("media/"), *tenant.store.keys("manifests/")]) == kept
    assert job_of(tenant.http.post("/transcribe", files=files, headers=headers)) == job_of(first)
    assert submit(tenant.http, done).json()["status"] == "completed"


def test_threat_15_audio_is_limited_by_estimate_and_then_by_measure(tenant: Tenant) -> None:
    tenant.may(audio_minutes_per_day=1)
    longer_than_a_day = submit(tenant.http, amr(60.1))
    assert code_of(longer_than_a_day) == (429, "quota_audio")
    assert "retry-after" not in longer_than_a_day.headers
    job_id = job_of(submit(tenant.http, amr(40.0)))
    status = tenant.http.get(f"/status/{job_id}").json()
    assert (status["duration"], status["estimated_duration"]) == (None, pytest.approx(40.0, abs=0.001))
    too_much = submit(tenant.http, amr(20.1))
    assert code_of(too_much) == (429, "quota_audio")
    assert 0 < int(too_much.headers["retry-after"]) <= 24 * 3600
    tenant.worker.prepare()
    status = tenant.http.get(f"/status/{job_id}").json()
    assert (status["duration"], status["estimated_duration"]) == (AUDIO_S, None)
    # 60 s less the 8 s that were measured.
    assert code_of(submit(tenant.http, amr(52.1))) == (429, "quota_audio")
    job_of(submit(tenant.http, amr(51.9)))


def test_a_job_over_quota_says_so_and_is_not_tried_again_on_the_same_day(tenant: Tenant) -> None:
    tenant.may(audio_minutes_per_day=1)
    job_id = job_of(submit(tenant.http, amr(10.0)))
    grant = tenant.worker.prepare_only()
    units = (PlannedUnit("assemble", UnitKind.ASSEMBLE, 0, 0, 0.0, blocked=True),)
    planned = tenant.ledger.do(op.plan(grant.claim_id, Plan(grant.claim_id, 61.0, units), TIMING))
    write_endings(tenant.store, planned.failed_runs)
    answer = tenant.http.get(f"/result/{job_id}")
    assert code_of(answer) == (409, "job_failed")
    assert answer.json()["error"]["code"] == "quota_exceeded"
    assert code_of(tenant.http.post(f"/jobs/{job_id}/retry")) == (429, "quota_audio")
    assert tenant.http.get(f"/status/{job_id}").json()["error"]["code"] == "quota_exceeded"
    assert tenant.today()["failed"] == 1


def test_threat_15_stored_recordings_are_limited(tenant: Tenant) -> None:
    tenant.may(stored_mb=1)
    job_of(submit(tenant.http, wav(700_000)))
    refused = submit(tenant.http, wav(700_000))
    assert code_of(refused) == (429, "quota_stored")
    assert "retry-after" not in refused.headers


def test_usage_tells_what_was_done_today(tenant: Tenant) -> None:
    recording = wav(5_000)
    for _ in range(2):
        job_of(submit(tenant.http, recording))
    tenant.worker.complete()
    job_of(submit(tenant.http, recording))
    expected = {"jobs": 3, "cache_hits": 1, "joined": 1, "failed": 0, "bytes": 15_000, "audio_seconds": AUDIO_S}
    today = str(utc_now().date())
    assert tenant.today() == {**expected, "date": today, "final": False}
    assert read_epoch(tenant.store) is not None
    roll_up(tenant.ledger, tenant.store)
    body = tenant.http.get("/usage", params={"from": today, "to": today, "group": "day"}).json()
    assert body["total"] == expected
    table = tenant.http.get("/usage", params={"from": today}, headers={"Accept": "text/csv"})
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.headers["content-disposition"].startswith(f'attachment; filename="usage-{today}-{today}.csv"')
    [row] = csv.DictReader(io.StringIO(table.text))
    assert row == {"tenant": tenant.name, "date": today, "final": "false"} | {
        name: str(number) for name, number in expected.items()
    }


def test_usage_is_ones_own_and_asks_for_a_scope(tenant: Tenant, place: Place) -> None:
    job_of(submit(tenant.http, wav()))
    with place.client(place.key(f"u{new_id()[:8]}").text) as other:
        assert other.get("/usage").json()["total"]["jobs"] == 0
    with place.client(place.key(tenant.name, scopes=(Scope.SUBMIT,)).text) as writer:
        assert code_of(writer.get("/usage")) == (403, "scope_missing")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"from": "2026-11-02", "to": "2026-11-01"}, "invalid_option"),
        ({"from": "2026-01-01", "to": "2026-04-03"}, "invalid_option"),
        ({"from": "0001-01-01"}, "invalid_option"),
        ({"from": "yesterday"}, "invalid_request"),
        ({"to": "0"}, "invalid_request"),
        ({"to": "1790000000"}, "invalid_request"),
        ({"to": "2026-11-31"}, "invalid_request"),
        ({"group": "hour"}, "invalid_request"),
        ({"format": "xml"}, "invalid_request"),
        ({"until": "2026-11-01"}, "invalid_request"),
    ],
)
def test_days_that_cannot_be_are_refused(tenant: Tenant, query: dict[str, str], code: str) -> None:
    assert code_of(tenant.http.get("/usage", params=query)) == (422, code)


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ({"from": "2026-01-01", "to": "2026-04-02"}, 92),
        ({"to": "0001-01-05"}, 1),
        ({"to": "2020-02-29"}, 30),
        ({"from": "9999-12-31"}, 1),
    ],
)
def test_any_days_may_be_asked_for(tenant: Tenant, query: dict[str, str], days: int) -> None:
    data = tenant.http.get("/usage", params=query).json()["data"]
    assert (len(data), sum(day["jobs"] for day in data)) == (days, 0)


def test_days_to_come_are_not_final(tenant: Tenant) -> None:
    tomorrow = str(utc_now().date() + timedelta(days=1))
    [entry] = tenant.http.get("/usage", params={"from": tomorrow}).json()["data"]
    assert entry["final"] is False
