"""Every operation but streams and waiting: which call it is, and what its answer means."""

import json
import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar
from urllib.parse import quote

from stenopool_client._decoding import decoded
from stenopool_client._rules import OnWait, Rules, body_of, problem, sent
from stenopool_client._steps import Answer, Call, Emit, Flow, Read, Stream
from stenopool_client._upload import Upload, field_text
from stenopool_client.errors import ConflictError, JobCancelledError, JobFailedError, UnexpectedAnswerError
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
    Usage,
    WebhookLog,
)

T = TypeVar("T")


def job_path(job_id: str, rest: str = "") -> str:
    """Address of a job; whatever the id holds, it stays one part of the path."""
    return f"/jobs/{quote(job_id, safe='')}{rest}"


def query(values: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Parameters that are given; of several values one each."""
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        several = value if isinstance(value, tuple) else (value,)
        pairs += [(name, field_text(one)) for one in several if one is not None]
    return tuple(pairs)


def read(rules: Rules, path: str, kind: type[T], params: Mapping[str, object] | None = None) -> Flow[T]:
    """A value that is only read."""
    answer = yield from sent(rules, Call("GET", path, query(params or {}), may_repeat=True))
    return decoded(kind, body_of(answer))


def submit(rules: Rules, upload: Upload, key: str | None, on_wait: OnWait | None) -> Flow[Accepted]:
    """Submits under a key, so that one that was sent twice is one job."""
    headers = {"Idempotency-Key": key or str(uuid.uuid4()), **upload.headers}
    call = Call("POST", "/transcribe", headers=headers, upload=upload, may_repeat=upload.can_repeat)
    answer = yield from sent(rules, call, on_wait)
    return decoded(Accepted, body_of(answer))


def status(rules: Rules, job_id: str, wait_s: float | None) -> Flow[JobStatus]:
    """Where a job stands; held back until it ended, or for so many seconds."""
    headers = {"Prefer": f"wait={max(0, min(30, int(wait_s)))}"} if wait_s else {}
    answer = yield from sent(rules, Call("GET", job_path(job_id), headers=headers, may_repeat=True))
    return decoded(JobStatus, body_of(answer))


def result(rules: Rules, job_id: str) -> Flow[Result]:
    """A transcript."""
    answer = yield from _result(rules, job_id, {})
    return decoded(Result, body_of(answer))


def result_as(rules: Rules, job_id: str, form: str, layout: Mapping[str, object]) -> Flow[str]:
    """A transcript in another form."""
    answer = yield from _result(rules, job_id, {"format": form, **layout})
    return answer.content.decode()


def _result(rules: Rules, job_id: str, params: Mapping[str, object]) -> Flow[Answer]:
    try:
        call = Call("GET", job_path(job_id, "/result"), query(params), may_repeat=True)
        return (yield from sent(rules, call))
    except ConflictError as error:
        if error.code == "job_failed" and error.error is not None:
            raise JobFailedError(job_id, error.error) from error
        if error.code == "job_cancelled":
            raise JobCancelledError(job_id) from error
        raise


def cancel(rules: Rules, job_id: str) -> Flow[Removed]:
    """Cancels; one that ended is left alone, so sending it twice does no harm."""
    call = Call("DELETE", job_path(job_id), (("only", "active"),), may_repeat=True)
    return decoded(Removed, body_of((yield from sent(rules, call))))


def delete(rules: Rules, job_id: str) -> Flow[Removed]:
    """Deletes; sent once, because a second one may do more than the first."""
    return decoded(Removed, body_of((yield from sent(rules, Call("DELETE", job_path(job_id))))))


def retry(rules: Rules, job_id: str) -> Flow[Accepted]:
    """Another try of a job."""
    return decoded(Accepted, body_of((yield from sent(rules, Call("POST", job_path(job_id, "/retry"))))))


def jobs_page(rules: Rules, after: str | None, limit: int, wanted: Mapping[str, object]) -> Flow[JobPage]:
    """One page of the list."""
    return (yield from read(rules, "/jobs", JobPage, {"after": after, "limit": limit, **wanted}))


def jobs(rules: Rules, wanted: Mapping[str, object]) -> Stream[JobStatus]:
    """The whole list, page by page."""
    after: str | None = None
    while True:
        page = yield from jobs_page(rules, after, 100, wanted)
        for job in page.data:
            yield Emit(job)
        if not page.has_more or page.next is None:
            return
        after = page.next


def media(rules: Rules, job_id: str) -> Stream[bytes]:
    """A recording, piece by piece."""
    yield from sent(rules, Call("GET", job_path(job_id, "/media"), streamed=True, may_repeat=True))
    while piece := (yield Read()):
        yield Emit(piece)


def media_link(rules: Rules, job_id: str) -> Flow[MediaLink]:
    """A link to a recording. Making two does no harm."""
    call = Call("POST", job_path(job_id, "/media-link"), may_repeat=True)
    return decoded(MediaLink, body_of((yield from sent(rules, call))))


def peaks(rules: Rules, job_id: str) -> Flow[Peaks]:
    """The outline of a recording."""
    return (yield from read(rules, job_path(job_id, "/peaks"), Peaks))


def webhooks(rules: Rules, job_id: str) -> Flow[WebhookLog]:
    """What a webhook was told."""
    return (yield from read(rules, job_path(job_id, "/webhooks"), WebhookLog))


def usage(rules: Rules, first: date | None, last: date | None) -> Flow[Usage]:
    """What was done, day by day."""
    return (yield from read(rules, "/usage", Usage, {"from": first, "to": last}))


def models(rules: Rules) -> Flow[tuple[Model, ...]]:
    """The models that the operator runs."""
    answer = yield from sent(rules, Call("GET", "/v1/models", may_repeat=True))
    body: Any = body_of(answer)
    return decoded(tuple[Model, ...], body.get("data") if isinstance(body, dict) else body)


def health() -> Flow[Health]:
    """The platform's health, also where it is bad: one look, which nobody waits for."""
    answer: Answer = yield Call("GET", "/health")
    try:
        return decoded(Health, json.loads(answer.content))
    except (ValueError, UnexpectedAnswerError):
        raise problem(answer) if answer.status >= 400 else UnexpectedAnswerError("the answer is no Health") from None
