"""Writes what is sent: reads the job's manifest, makes the body and signs it. Blocks: for a thread."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from standardwebhooks import Webhook

from stenopool import __version__
from stenopool.errors import ErrorCode, TransientError
from stenopool.keys.book import KeyBook
from stenopool.ledger.model import RECORD_VERSION, DueDelivery
from stenopool.logs import get_logger
from stenopool.media.epoch import read_epoch
from stenopool.media.manifest import Manifest, read_manifest
from stenopool.media.store import Store, manifest_key
from stenopool.webhooks.notes import is_noted
from stenopool.webhooks.payload import EventBody
from stenopool.webhooks.receivers import Receiver, read_receiver

LATER: Final = timedelta(minutes=1)
"""The store is away, or what stands there cannot be read by this release: another look after this, which is no try."""

_AGENT: Final = f"Stenopool-Webhooks/{__version__}"

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """A request, all but its signature's time."""

    delivery: DueDelivery
    receiver: Receiver
    body: str
    secrets: tuple[str, ...]
    """Newest first; each signs."""

    def headers(self, now: datetime) -> Mapping[str, str]:
        """The headers of a try made now: Standard Webhooks' three, and what a body needs."""
        signatures = [Webhook(secret).sign(self.delivery.delivery_id, now, self.body) for secret in self.secrets]
        return {
            "Content-Type": "application/json",
            "User-Agent": _AGENT,
            "webhook-id": self.delivery.delivery_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }


@dataclass(frozen=True, slots=True)
class Unsent:
    """Nothing is sent: for now, or for good."""

    again_after: timedelta | None


class Desk:
    """Where letters are written."""

    def __init__(self, store: Store, public_url: str) -> None:
        self._store = store
        self._book = KeyBook(store)
        self._public_url = public_url

    def write(self, delivery: DueDelivery, now: datetime) -> Letter | Unsent:
        """The letter of a delivery; none for an event that was told before, or of a job that is deleted."""
        try:
            manifest = self._manifest(delivery)
            if manifest is None or manifest.webhook_url is None or self._was_told(delivery):
                return Unsent(None)
            if manifest.v > RECORD_VERSION:
                return Unsent(LATER)
            secrets = self._book.webhook_secrets(delivery.job.tenant, now)
        except (TransientError, ValueError) as error:
            _log.warning("webhook_not_written", job_id=delivery.job.job_id, error=type(error).__name__)
            return Unsent(LATER)
        body = EventBody.of(delivery, manifest, self._public_url).to_text()
        return Letter(delivery, read_receiver(manifest.webhook_url), body, secrets)

    def _manifest(self, delivery: DueDelivery) -> Manifest | None:
        try:
            return read_manifest(self._store.get(manifest_key(manifest_day(delivery), delivery.job.job_id)))
        except KeyError:
            # In a folder where no store is mounted nothing is there either: that deletes no job.
            if read_epoch(self._store) is None:
                raise TransientError(ErrorCode.STORE_UNAVAILABLE, "the store cannot be read just now") from None
            return None

    def _was_told(self, delivery: DueDelivery) -> bool:
        job_id = delivery.job.job_id
        return is_noted(self._store, manifest_day(delivery), job_id, delivery.run_number, delivery.event)


def manifest_day(delivery: DueDelivery) -> date:
    """The day (UTC) under which the job's manifest and notes stand."""
    return date.fromisoformat(delivery.job.manifest_day)
