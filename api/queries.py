"""What stands behind the question mark of an address: models with bounds, described for the OpenAPI document."""

import re
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from api.services.listing import DEFAULT_LIMIT, MAX_LIMIT, PageRequest
from api.services.results import CueWishes
from stenopool.ledger.model import RunState

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def _require_date(text: object) -> object:
    """Pydantic alone would take a number for seconds since 1970, or milliseconds where it is large."""
    if not _DATE.match(str(text)):
        raise ValueError("not a time as in RFC 3339, for instance 2030-01-31T12:00:00Z")
    return text


_Moment = Annotated[AwareDatetime, BeforeValidator(_require_date)]


class ListQuery(BaseModel):
    """What a list of jobs may be filtered by."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="Jobs on a page.")
    after: str | None = Field(None, description="`next` of the page before.")
    state: list[RunState] = Field([], max_length=5, description="Only jobs in this state; may be given several times.")
    external_id: str | None = Field(None, description="Only jobs submitted with this `external_id`.")
    created_after: _Moment | None = Field(None, description="Only jobs created then or later, RFC 3339.")
    created_before: _Moment | None = Field(None, description="Only jobs created before then, RFC 3339.")

    def page(self) -> PageRequest:
        """As the service takes it."""
        return PageRequest(
            limit=self.limit,
            after=self.after,
            states=self.state,
            external_id=self.external_id,
            created_after=self.created_after,
            created_before=self.created_before,
        )


class DeleteQuery(BaseModel):
    """What may be taken away."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    only: Literal["active"] | None = Field(None, description="`active`: only a job that has not ended.")


class ResultQuery(BaseModel):
    """How a result is handed out. The rules are those of subtitles; other formats pass them over."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str | None = Field(None, description="`json`, `text`, `srt`, `vtt` or `tsv`; wins over `Accept`.")
    max_line_chars: int | None = Field(None, ge=10, le=1000, description="Columns of a line; wide characters take two.")
    max_lines: int | None = Field(None, ge=1, le=10, description="Lines of a cue.")
    min_duration: float | None = Field(None, ge=0, le=3600, description="Seconds that a cue is shown at least.")
    max_duration: float | None = Field(None, ge=1, le=3600, description="Seconds that a cue is shown at most.")
    max_chars_per_second: float | None = Field(None, ge=1, le=1000, description="Reading speed, columns per second.")
    min_gap: float | None = Field(None, ge=0, le=1, description="Seconds between two cues.")

    def wishes(self) -> CueWishes:
        """As the service takes it."""
        return CueWishes(
            line_columns=self.max_line_chars,
            lines=self.max_lines,
            min_s=self.min_duration,
            max_s=self.max_duration,
            columns_per_second=self.max_chars_per_second,
            gap_s=self.min_gap,
        )
