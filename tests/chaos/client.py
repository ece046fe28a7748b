"""The client of a round: submits, writes down every 202 after it came, polls, reads results again and again."""

import hashlib
import json
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx

from tests.chaos.history import (
    ENDED,
    Accepted,
    CancelAsked,
    History,
    NotAccepted,
    Read,
    Seen,
    Unknown,
    now_ms,
)
from tests.chaos.orders import Order

_TIMEOUT: Final = httpx.Timeout(10.0)
_LOOK_EVERY_S: Final = 0.2
_REREAD: Final = 0.02
"""With each look at an ended job so many in one are read again, though nothing should have changed."""


@dataclass(frozen=True)
class Answer:
    """An answer, or None where none came."""

    status: int | None
    body: dict[str, Any]
    took_ms: int


class Client:
    """Works in threads of its own until all its jobs have ended or it is told to stop."""

    def __init__(self, addresses: Sequence[str], history: History, seed: int, webhook_url: str = "") -> None:
        self._addresses = addresses
        self._webhook_url = webhook_url
        self._history = history
        self._rng = random.Random(seed)
        self._http = httpx.Client(trust_env=False, timeout=_TIMEOUT)
        self._lock = threading.Lock()
        self._last: dict[str, str] = {}
        """Job -> the status last seen."""
        self._cancels: deque[tuple[float, str]] = deque()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._submitting = 0
        self._left = 0
        self.trouble: list[BaseException] = []
        """What ended one of the threads: a fault of the test itself."""

    def begin(self, orders: Sequence[Order], over_s: float, submitters: int = 4) -> None:
        """Submits the orders, spread over ``over_s`` seconds, and follows what becomes of them."""
        self._submit_all(orders, over_s, submitters)
        self._run(self._follow)

    def go_on(self, orders: Sequence[Order], over_s: float, submitters: int = 4) -> None:
        """As ``begin``, later: there is one who follows already."""
        self._submit_all(orders, over_s, submitters)

    def _submit_all(self, orders: Sequence[Order], over_s: float, submitters: int) -> None:
        waiting = deque(enumerate(orders))
        began = time.monotonic()

        def submit() -> None:
            while waiting and not self._stop.is_set():
                try:
                    number, order = waiting.popleft()
                except IndexError:
                    break
                self._stop.wait(max(0.0, began + over_s * number / len(orders) - time.monotonic()))
                if self.submit(order) is not None:
                    with self._lock:
                        self._left -= 1

        with self._lock:
            self._submitting += submitters
            self._left += len(orders)
        for _ in range(submitters):
            self._run(lambda: self._counted(submit))

    def submit(self, order: Order) -> str | None:
        """Submits until it is accepted; the job's id, None when told to stop before."""
        while not self._stop.is_set():
            answer = self.submit_once(order)
            if answer.status == 202:
                return str(answer.body["job_id"])
            self._stop.wait(0.3)
        return None

    def submit_once(self, order: Order) -> Answer:
        """One try; written down either way."""
        recording = order.recording
        headers = {"Idempotency-Key": order.key} if order.key else {}
        files = {"file": (f"{recording.name}.wav", recording.media)}
        fields = recording.fields | ({"webhook_url": self._webhook_url} if order.is_to_be_told else {})
        answer = self._ask("POST", "/transcribe", files=files, data=fields, headers=headers)
        if answer.status != 202:
            code = str(answer.body.get("code", ""))
            self._history.add(NotAccepted(recording.name, answer.status, answer.took_ms, code))
            return answer
        job_id = str(answer.body["job_id"])
        self._history.add(Accepted(job_id, recording.name, order.key, answer.took_ms, order.is_to_be_told))
        with self._lock:
            self._last.setdefault(job_id, "")
            if order.cancel_after_s is not None:
                self._cancels.append((time.monotonic() + order.cancel_after_s, job_id))
        return answer

    def is_done(self) -> bool:
        """Whether everything was submitted, and has ended as far as the client saw."""
        with self._lock:
            return not self._submitting and not self._cancels and all(last in ENDED for last in self._last.values())

    def submissions_left(self) -> int:
        """Orders that were not accepted yet."""
        with self._lock:
            return self._left

    def have_ended(self, jobs: Collection[str]) -> bool:
        """Whether the client has seen all of these ended."""
        with self._lock:
            return all(self._last.get(job_id) in ENDED for job_id in jobs)

    def unanswered(self) -> list[str]:
        """Asks for every job's status now; those that get no answer. A 404 is written down."""
        return [job_id for job_id in self.last_seen() if not self.look(job_id)]

    def open_jobs(self) -> list[str]:
        """Jobs that the client has not seen ended."""
        with self._lock:
            return [job_id for job_id, last in self._last.items() if last not in ENDED]

    def last_seen(self) -> dict[str, str]:
        """Job -> the status last seen."""
        with self._lock:
            return dict(self._last)

    def look(self, job_id: str) -> bool:
        """Asks for a job's status, and for its result when it is completed; whether there was an answer."""
        answer = self._ask("GET", f"/status/{job_id}")
        if answer.status == 404:
            self._history.add(Unknown(job_id))
            return True
        if answer.status != 200:
            return False
        status, before = str(answer.body["status"]), self._last.get(job_id)
        if status != before:
            error = answer.body.get("error") or {}
            self._history.add(Seen(job_id, status, error.get("code"), int(answer.body["attempts"])))
        is_read = status == "completed" and (before != "completed" or self._rng.random() < _REREAD)
        if is_read and not self.read(job_id):
            return False
        with self._lock:
            self._last[job_id] = status
        return True

    def read(self, job_id: str) -> bool:
        """Reads a result; whether there was an answer."""
        answer = self._ask("GET", f"/result/{job_id}")
        if answer.status == 404:
            self._history.add(Unknown(job_id))
            return True
        if answer.status != 200:
            return False
        digest = hashlib.sha256(json.dumps(answer.body, sort_keys=True).encode()).hexdigest()
        self._history.add(Read(job_id, str(answer.body["text"]), digest))
        return True

    def read_all_again(self, limit_s: float) -> list[str]:
        """Looks at every job once more and reads every result; the jobs that did not answer within ``limit_s``."""
        until = time.monotonic() + limit_s
        left = list(self._last)
        while left and time.monotonic() < until:
            left = [job_id for job_id in left if not (self.look(job_id) and self._read_if_completed(job_id))]
        return left

    def end(self) -> None:
        """Stops the threads."""
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
        if self.trouble:
            raise self.trouble[0]

    def close(self) -> None:
        """Stops and hangs up."""
        self.end()
        self._http.close()

    def _read_if_completed(self, job_id: str) -> bool:
        return self._last[job_id] != "completed" or self.read(job_id)

    def _follow(self) -> None:
        while not self._stop.wait(_LOOK_EVERY_S):
            self._cancel_due()
            with self._lock:
                ended = [job_id for job_id, last in self._last.items() if last in ENDED]
            for job_id in [*self.open_jobs(), *self._rng.sample(ended, min(3, len(ended)))]:
                if self._stop.is_set() or not self.look(job_id):
                    break

    def _cancel_due(self) -> None:
        with self._lock:
            due = [cancel for cancel in self._cancels if cancel[0] <= time.monotonic()]
        for cancel in due:
            answer = self._ask("DELETE", f"/job/{cancel[1]}?only=active")
            self._history.add(CancelAsked(cancel[1], answer.status))
            if answer.status in (200, 202, 204, 404, 409):
                with self._lock:
                    self._cancels.remove(cancel)

    def _ask(self, method: str, path: str, **arguments: Any) -> Answer:
        began = now_ms()
        try:
            address = self._rng.choice(self._addresses)
            answer = self._http.request(method, address + path, **arguments)
            body = answer.json()
        except (httpx.TransportError, ValueError):
            return Answer(None, {}, now_ms() - began)
        return Answer(answer.status_code, body if isinstance(body, dict) else {}, now_ms() - began)

    def _counted(self, act: Callable[[], None]) -> None:
        try:
            act()
        finally:
            with self._lock:
                self._submitting -= 1

    def _run(self, act: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                act()
            except BaseException as error:  # noqa: BLE001 - raised again in the main thread
                self.trouble.append(error)

        thread = threading.Thread(target=guarded, name="chaos client")
        self._threads.append(thread)
        thread.start()
