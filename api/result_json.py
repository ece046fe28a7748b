"""A result as JSON, written a segment at a time."""

from collections.abc import Iterator
from typing import Final

from api.schemas import ResultBody, SegmentBody
from stenopool.ledger.model import JobView
from stenopool.transcripts.reading import ReadTranscript

_NO_SEGMENTS: Final = '"segments":[]'
"""Stands once, outside of every string: within one its quotation marks would be escaped."""


def json_pieces(job: JobView, transcript: ReadTranscript) -> Iterator[str]:
    """The JSON of ``ResultBody``, in pieces that are together what pydantic would write at once."""
    before, _, after = ResultBody.of(job, transcript.facts).model_dump_json().partition(_NO_SEGMENTS)
    yield f'{before}"segments":['
    for number, segment in enumerate(transcript.segments):
        yield ("," if number else "") + SegmentBody.of(segment).model_dump_json()
    yield f"]{after}"
