"""The synchronous client. Thin: what an operation is stands in the flows, its twin is ``_async_client``."""

import time
from collections.abc import Iterator
from datetime import date
from types import TracebackType
from typing import Self, TypeVar, Unpack

import httpx

from stenopool_client import _flows, _following
from stenopool_client._drivers import iterate, run
from stenopool_client._following import OnEvent
from stenopool_client._rules import OnWait, Retries
from stenopool_client._settings import Connection
from stenopool_client._steps import Flow
from stenopool_client._upload import Progress, Source, Upload
from stenopool_client.events import AnyEvent, JobEvent
from stenopool_client.models import (
    Accepted,
    Health,
    JobPage,
    JobStatus,
    MediaLink,
    Model,
    Peaks,
    Removed,
    Result,
    ResultFormat,
    Usage,
    WebhookLog,
)
from stenopool_client.options import JobFilter, SubmitOptions, SubtitleLayout

T = TypeVar("T")


class Client:
    """Talks to one Stenopool. Safe to share between threads; close it, or use it in a ``with``.

    Every method raises ``ApiError`` where the server refuses, ``ConnectionFailedError`` where no whole answer comes and
    ``UnexpectedAnswerError`` where it is not Stenopool's. What only reads, and submissions, are sent again by ``retries``.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Without ``url`` and ``api_key`` those of ``STENOPOOL_URL`` and ``STENOPOOL_API_KEY``, else this machine, no key."""
        self._connection = Connection.of(url, api_key, retries)
        self._rules = self._connection.rules
        self._http = httpx.Client(transport=transport, **self._connection.http_arguments())
        self._sleep = time.sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The server's address."""
        return self._connection.url

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def _run(self, flow: Flow[T]) -> T:
        return run(self._http, self._sleep, flow)

    def submit(
        self,
        file: Source,
        *,
        filename: str | None = None,
        idempotency_key: str | None = None,
        progress: Progress | None = None,
        on_wait: OnWait | None = None,
        **options: Unpack[SubmitOptions],
    ) -> Accepted:
        """Uploads a recording, read piece by piece; ``progress`` is told bytes sent and in all, ``on_wait`` each pause.

        Sent again under its own key, so that it is one job; a file that cannot go back to its start is sent once.
        """
        upload = Upload(file, options, filename, progress)
        return self._run(_flows.submit(self._rules, upload, idempotency_key, on_wait))

    def status(self, job_id: str, *, wait_s: float | None = None) -> JobStatus:
        """Where a job stands. With ``wait_s`` (30 at most) the answer is held back until the job has ended, or so long."""
        return self._run(_flows.status(self._rules, job_id, wait_s))

    def result(self, job_id: str) -> Result:
        """The transcript of a completed job; ``NotFinishedError``, ``JobFailedError`` or ``JobCancelledError`` of others."""
        return self._run(_flows.result(self._rules, job_id))

    def result_as(self, job_id: str, form: ResultFormat, **layout: Unpack[SubtitleLayout]) -> str:
        """The transcript as text, subtitles or a table, as the server writes it."""
        return self._run(_flows.result_as(self._rules, job_id, form, layout))

    def wait_for_result(
        self, job_id: str, *, timeout_s: float | None = None, on_event: OnEvent | None = None
    ) -> Result:
        """The transcript once it is there: told by events, else by long polls, else by polls.

        Raises ``JobFailedError``, ``JobCancelledError``, or ``WaitTimeoutError`` after ``timeout_s``.
        """
        return self._run(_following.wait_for_result(self._rules, job_id, timeout_s, on_event))

    def wait_for_end(
        self, job_id: str, *, timeout_s: float | None = None, on_event: OnEvent | None = None
    ) -> JobStatus:
        """The status once the job has ended, however it did; ``WaitTimeoutError`` after ``timeout_s``."""
        return self._run(_following.wait_for_end(self._rules, job_id, timeout_s, on_event))

    def events(self, job_id: str, *, last_event_id: str | None = None) -> Iterator[JobEvent]:
        """What becomes of a job, up to its end. A stream that is cut goes on where it was."""
        return iterate(self._http, self._sleep, _following.job_events(self._rules, job_id, last_event_id))

    def all_events(self, *, last_event_id: str | None = None) -> Iterator[AnyEvent]:
        """What becomes of all your jobs, without end."""
        return iterate(self._http, self._sleep, _following.all_events(self._rules, last_event_id))

    def cancel(self, job_id: str) -> Removed:
        """Cancels a job that has not ended; ``ConflictError`` (``job_ended``) for one that completed or failed."""
        return self._run(_flows.cancel(self._rules, job_id))

    def delete(self, job_id: str) -> Removed:
        """Deletes a job that has ended, with transcript and recording; cancels one that has not."""
        return self._run(_flows.delete(self._rules, job_id))

    def retry(self, job_id: str) -> Accepted:
        """Tries a failed or cancelled job again, with the recording that was uploaded."""
        return self._run(_flows.retry(self._rules, job_id))

    def list(self, **wanted: Unpack[JobFilter]) -> Iterator[JobStatus]:
        """Your jobs, newest first; pages are turned as you go."""
        return iterate(self._http, self._sleep, _flows.jobs(self._rules, wanted))

    def list_page(self, *, after: str | None = None, limit: int = 20, **wanted: Unpack[JobFilter]) -> JobPage:
        """One page of your jobs; ``after`` is the ``next`` of the page before."""
        return self._run(_flows.jobs_page(self._rules, after, limit, wanted))

    def usage(self, *, first: date | None = None, last: date | None = None) -> Usage:
        """What you had done, day by day, both ends included; by default the last 30 days."""
        return self._run(_flows.usage(self._rules, first, last))

    def media(self, job_id: str) -> Iterator[bytes]:
        """The recording as it was uploaded, piece by piece."""
        return iterate(self._http, self._sleep, _flows.media(self._rules, job_id))

    def media_link(self, job_id: str) -> MediaLink:
        """A link that plays the recording without a key, for an hour."""
        return self._run(_flows.media_link(self._rules, job_id))

    def peaks(self, job_id: str) -> Peaks:
        """The outline of the recording, to be drawn."""
        return self._run(_flows.peaks(self._rules, job_id))

    def webhooks(self, job_id: str) -> WebhookLog:
        """What the job's webhook was told."""
        return self._run(_flows.webhooks(self._rules, job_id))

    def models(self) -> tuple[Model, ...]:
        """The models that the operator runs."""
        return self._run(_flows.models(self._rules))

    def health(self) -> Health:
        """The platform's health; asked once, and told also where it is bad."""
        return self._run(_flows.health())
