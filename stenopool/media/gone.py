"""The note in the place of a transcript whose time is over: without it a rebuild would do the work again."""

from pydantic import BaseModel, ConfigDict


class Gone(BaseModel):
    """What is still told of a run that was completed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    ended_ms: int
    audio_s: float | None = None

    def to_bytes(self) -> bytes:
        """JSON as it stands in the store."""
        return self.model_dump_json(exclude_none=True).encode()


def read_gone(body: bytes) -> Gone:
    """A note back from the store. Raises ``pydantic.ValidationError`` when it is none."""
    return Gone.model_validate_json(body)
