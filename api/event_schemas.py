"""What goes over the wire in events. States and progress carry the job's status, ``api.schemas.StatusBody``."""

from pydantic import Field

from api.schemas import Body, JobId


class SpanRestartedBody(Body):
    """What you were shown of a span counts no more, its text follows anew: the data of ``span_restarted``."""

    job_id: JobId
    span: int | None = Field(description="Which span; null: all of the recording's text.")
