"""What a tenant may have, in the operator's words; pure."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field


class TenantLimits(BaseModel):
    """Limits of a tenant. None: as the operator set it for all; 0: none."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    active_jobs: int | None = Field(None, ge=0)
    """Jobs that have not ended."""
    audio_minutes_per_day: int | None = Field(None, ge=0)
    """Audio transcribed on one day, UTC."""
    stored_mb: int | None = Field(None, ge=0)
    """MiB of recordings in the store."""

    def over(self, other: Self) -> Self:
        """These limits, and those of ``other`` where these say nothing."""
        return other.model_copy(update=self.model_dump(exclude_none=True))
