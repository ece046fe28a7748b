"""What a receiver of webhooks heard, for the checker."""

import json
from collections.abc import Collection

from tests.chaos.history import Accepted, History, Told
from tests.integration.beat.receivers import Receiver


def write_down(receiver: Receiver, history: History) -> None:
    """Adds everything that has arrived to the history."""
    for heard in list(receiver.heard):
        body = json.loads(heard.body)
        history.add(Told(body["data"]["job_id"], heard.id, body["type"].removeprefix("job.")))


def untold(history: History, receiver: Receiver) -> Collection[str]:
    """Jobs that asked for a webhook of which none has come."""
    heard = {json.loads(heard.body)["data"]["job_id"] for heard in list(receiver.heard)}
    return {event.job_id for event in history.of(Accepted) if event.is_to_be_told} - heard
