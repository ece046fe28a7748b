"""Every process is stopped in order and started anew while jobs come in: none is lost, none is worked on twice."""

import itertools
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from tests.chaos.fleet import APIS, FAST, HOUSE, Fleet, Pace
from tests.chaos.recordings import Recording, noise
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(400)

KINDS = (*APIS, "prepare-1", "recognise-1", "recognise-2", HOUSE)
PACE = Pace(FAST.lease_s, FAST.beat_s, FAST.sweep_s, speed=2.0)
"""A second of work for a recording of two: well within the grace of five."""


@pytest.fixture
def fleet(redis_binary: Path, tmp_path: Path) -> Iterator[Fleet]:
    with Fleet(redis_binary, tmp_path, PACE, kinds=KINDS) as fleet:
        fleet.wait_ready()
        yield fleet


class Customer:
    """Submits a recording every half second, to whichever API takes it."""

    def __init__(self, fleet: Fleet) -> None:
        self.jobs: dict[str, str | None] = {}
        """Job -> the text that must come out."""
        self.surprises: list[str] = []
        self._addresses = itertools.cycle(fleet.addresses)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._shop)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)

    def _shop(self) -> None:
        with httpx.Client(trust_env=False, timeout=30) as http:
            for number in itertools.count():
                if self._stop.wait(0.5):
                    return
                self._submit(http, noise(str(number), 2.0, seed=number))

    def _submit(self, http: httpx.Client, recording: Recording) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until and not self._stop.is_set():
            url, files = f"{next(self._addresses)}/transcribe", {"file": recording.media}
            try:
                answer = http.post(url, files=files, data=recording.fields)
            except httpx.ConnectError:
                # Nobody listens there at the moment: a load balancer would know.
                continue
            except httpx.TransportError as error:
                self.surprises.append(repr(error))
                continue
            if answer.status_code == 202:
                self.jobs[answer.json()["job_id"]] = recording.text
                return
            if (answer.status_code, answer.json().get("code")) != (503, "shutting_down"):
                self.surprises.append(answer.text)


def test_a_rolling_restart_of_everything_loses_and_repeats_nothing(fleet: Fleet) -> None:
    with Customer(fleet) as customer:
        wait_until(lambda: len(customer.jobs) >= 3, 30, "the first jobs")
        for name in KINDS:
            taken = len(customer.jobs)
            fleet.stop(name)
            fleet.start(name)
            fleet.wait_ready()
            wait_until(lambda: len(customer.jobs) > taken, 30, f"a job after {name}")  # noqa: B023 - called at once
    assert customer.surprises == []
    for job, text in customer.jobs.items():
        status = wait_until(lambda: ended(fleet, job), 90, "the end of a job")  # noqa: B023 - called at once
        assert status is not None
        assert status["status"] == "completed"
        assert status["attempts"] == 1, "work was begun twice"
        assert httpx.get(f"{fleet.addresses[0]}/result/{job}", trust_env=False, timeout=30).json()["text"] == text
    assert not [name for name in KINDS if "given back" in fleet.log(name)], "work was broken off"
    assert prepared(fleet) == len(customer.jobs), "a recording was decoded twice"


def prepared(fleet: Fleet) -> int:
    """How many recordings were decoded and planned, as the prepare workers told."""
    lines = (json.loads(line) for line in fleet.log("prepare-1").splitlines() if '"unit_ended"' in line)
    return sum((line["unit"], line["how"]) == ("prepare", "done") for line in lines)


def ended(fleet: Fleet, job: str) -> dict[str, Any] | None:
    status: dict[str, Any] = httpx.get(f"{fleet.addresses[0]}/status/{job}", trust_env=False, timeout=30).json()
    return status if status["status"] in ("completed", "failed", "cancelled") else None
