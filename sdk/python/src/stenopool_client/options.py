"""What may be said with a submission, and how subtitles are laid out. ``docs/reference/http.md`` has bounds and defaults."""

from collections.abc import Mapping
from typing import Literal, TypedDict


class SubmitOptions(TypedDict, total=False):
    """Fields of a submission. What is not given is the server's default."""

    language: str
    task: Literal["transcribe", "translate"]
    vad_filter: bool
    word_timestamps: bool
    initial_prompt: str
    hotwords: str
    beam_size: int
    temperature: float
    model: str
    external_id: str
    metadata: Mapping[str, object]
    webhook_url: str
    media_ttl: str
    result_ttl: str


class SubtitleLayout(TypedDict, total=False):
    """Rules of subtitles. What is not given follows the guide of the language."""

    max_line_chars: int
    max_lines: int
    min_duration: float
    max_duration: float
    max_chars_per_second: float
    min_gap: float


class JobFilter(TypedDict, total=False):
    """Which jobs are listed; times are RFC 3339 with an offset."""

    state: tuple[str, ...]
    external_id: str
    created_after: str
    created_before: str
