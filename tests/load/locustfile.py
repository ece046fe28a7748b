"""People who submit, poll, read and cancel, each kind at a rate of its own; `make load` starts what they talk to.

Runs in Locust's own environment, which has none of our packages' dependencies of the tests: only bounds and recordings
are imported. docs/how-to/measure-load.md tells the options.
"""

import itertools
import os
import random
from collections import deque
from typing import Any, ClassVar

from locust import FastHttpUser, constant_throughput, events, task
from locust.env import Environment

from tests.load.bounds import OutOfBoundsError, must_be_here, must_end
from tests.load.recordings import Deck, noise

CLIENT = "X-Test-Client"
"""The nginx of `make load` takes a user's address from it: 127.0.0.1 alone would be one user to the limits."""

OLDEST = 2_000
"""So many jobs are remembered; older ones are neither polled nor read."""

QUIET_S = 3600.0


class Board:
    """Jobs that the users know of; one for all of them."""

    deck = Deck(0, 0.0)
    active: ClassVar[deque[str]] = deque(maxlen=OLDEST)
    completed: ClassVar[deque[str]] = deque(maxlen=OLDEST)
    cancelled: ClassVar[set[str]] = set()


class Person(FastHttpUser):
    """What all have in common: a key, an address, a pace."""

    abstract = True
    rate = ""
    """The option that holds the rate of all users of this class together, per second."""

    numbers = itertools.count()

    def on_start(self) -> None:
        options = self.environment.parsed_options
        self.headers = {
            "X-API-Key": os.environ.get("LOAD_API_KEY", ""),
            CLIENT: f"198.51.100.{next(self.numbers) % options.addresses + 1}",
        }

    def wait_time(self) -> float:
        rate = getattr(self.environment.parsed_options, self.rate) / self.fixed_count
        return float(constant_throughput(rate)(self)) if rate else QUIET_S

    @property
    def is_quiet(self) -> bool:
        """Whether nobody of this class asks anything."""
        return not getattr(self.environment.parsed_options, self.rate)

    def ask(self, method: str, path: str, name: str, fine: int = 200, **more: Any) -> dict[str, Any]:
        """The answer; empty where there is none.

        The status ``fine`` is as it should be, beside 2xx. So is 429, which is counted as ``name (429)``.
        """
        headers = self.headers | more.pop("headers", {})
        with self.client.request(method, path, name=name, headers=headers, catch_response=True, **more) as answer:
            if answer.status_code == 429:
                answer.request_meta["name"] = f"{name} (429)"
                answer.success()
                return {}
            if answer.status_code == fine:
                answer.success()
            elif not 200 <= answer.status_code < 300:
                answer.failure(f"{answer.status_code}: {(answer.text or '')[:120]}")
                return {}
            found: dict[str, Any] = answer.json()
            return found


class Submitter(Person):
    """Sends recordings."""

    rate = "submit_rate"
    fixed_count = 4

    @task
    def submit(self) -> None:
        if self.is_quiet:
            return
        recording = noise(Board.deck.draw(), self.environment.parsed_options.recording_s)
        body = self.ask("POST", "/transcribe", "submit", data=recording, headers={"Content-Type": "audio/wav"})
        if body:
            Board.active.append(body["job_id"])


class Poller(Person):
    """Asks how jobs are, the oldest first."""

    rate = "poll_rate"
    fixed_count = 4

    @task
    def poll(self) -> None:
        if self.is_quiet or not Board.active:
            return
        job = Board.active.popleft()
        body = self.ask("GET", f"/status/{job}", "poll")
        if body.get("status") == "completed":
            Board.completed.append(job)
        elif body.get("status") == "failed":
            self.environment.events.request.fire(
                request_type="JOB",
                name="job",
                response_time=0,
                response_length=0,
                exception=RuntimeError(f"failed: {body.get('error')}"),
            )
        elif body.get("status") != "cancelled":
            Board.active.append(job)


class Reader(Person):
    """Reads transcripts that are done."""

    rate = "read_rate"
    fixed_count = 2

    @task
    def read(self) -> None:
        if self.is_quiet or not Board.completed:
            return
        self.ask("GET", f"/result/{random.choice(Board.completed)}", "read")


class Canceller(Person):
    """Cancels what was just submitted; a job that has ended meanwhile stays as it is."""

    rate = "cancel_rate"
    fixed_count = 1

    @task
    def cancel(self) -> None:
        if self.is_quiet or not Board.active:
            return
        self.ask("DELETE", f"/jobs/{Board.active[-1]}?only=active", "cancel", fine=409)


@events.init_command_line_parser.add_listener
def _options(parser: Any) -> None:
    number = {"type": float, "env_var": None}
    parser.add_argument("--submit-rate", default=4.0, help="recordings a second", **number)
    parser.add_argument("--poll-rate", default=12.0, help="looks a second", **number)
    parser.add_argument("--read-rate", default=4.0, help="transcripts a second", **number)
    parser.add_argument("--cancel-rate", default=0.2, help="cancellations a second", **number)
    parser.add_argument("--repeats", default=0.2, help="share of uploads that went before", **number)
    parser.add_argument("--recording-s", default=2.0, help="length of a recording", **number)
    parser.add_argument("--addresses", default=10, type=int, help="as many addresses the users come from")
    parser.add_argument("--most-requests", default=5_000, type=int, help="the end, whatever the time")
    parser.add_argument("--seed", default=0, type=int, help="another one sends other recordings")


@events.init.add_listener
def _bounded(environment: Environment, **_: Any) -> None:
    options = environment.parsed_options
    try:
        must_be_here(environment.host)
        must_end(options.run_time, options.most_requests, options.recording_s)
    except OutOfBoundsError as error:
        raise SystemExit(f"load: {error}") from error
    Board.deck = Deck(options.seed, options.repeats)
    sent = itertools.count(1)

    def count(**_: Any) -> None:
        if next(sent) == options.most_requests and environment.runner is not None:
            environment.runner.quit()

    environment.events.request.add_listener(count)
