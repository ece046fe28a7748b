"""The log of a job's webhook as it goes over the wire."""

from datetime import datetime
from typing import Self

from pydantic import Field

from api.schemas import Body, JobId
from api.services.webhook_log import DeliveryState, JobLog, LoggedDelivery


class TryBody(Body):
    """One try to deliver."""

    at: datetime
    status_code: int | None = Field(description="HTTP status of the receiver's answer; null where none came.")
    reason: str | None = Field(
        description="What went wrong, as a stable code; null for a delivered one.", examples=["bad_status", "timeout"]
    )


class DeliveryBody(Body):
    """One event on its way, or arrived."""

    id: str = Field(description="Sent as `webhook-id`; the same for every try.")
    type: str = Field(examples=["job.completed"])
    state: DeliveryState
    created_at: datetime = Field(description="When the job ended.")
    next_try_at: datetime | None = Field(description="Of a pending one.")
    tries: list[TryBody] = Field(description="Oldest first.")

    @classmethod
    def of(cls, delivery: LoggedDelivery) -> Self:
        """From the service's answer."""
        return cls(
            id=delivery.delivery_id,
            type=delivery.event,
            state=delivery.state,
            created_at=delivery.created_at,
            next_try_at=delivery.next_try_at,
            tries=[
                TryBody(at=tried.at, status_code=tried.status, reason=tried.reason or None) for tried in delivery.tries
            ],
        )


class WebhookLogBody(Body):
    """What the job's webhook was told and is still to be told."""

    job_id: JobId
    url: str | None = Field(description="`webhook_url` as submitted; null for a job without one.")
    deliveries: list[DeliveryBody] = Field(description="Oldest first; empty until the job ends.")

    @classmethod
    def of(cls, log: JobLog) -> Self:
        """From the service's answer."""
        return cls(
            job_id=log.job_id, url=log.url, deliveries=[DeliveryBody.of(delivery) for delivery in log.deliveries]
        )
