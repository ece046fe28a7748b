"""What goes over the wire about recordings: links and outlines."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas import Body


class MediaLinkBody(Body):
    """A link that plays a recording."""

    url: str = Field(description="Relative to this API's own address; for `src` of an audio element.")
    expires_at: datetime = Field(description="When it ends; RFC 3339, UTC.")


class PeaksBody(Body):
    """The outline of a recording: the JSON of audiowaveform, version 2, which wavesurfer.js and peaks.js draw."""

    version: Literal[2] = Field(description="Of audiowaveform's format.")
    channels: Literal[1] = Field(description="The audio that is transcribed is mono.")
    sample_rate: int = Field(description="Samples per second of the decoded audio.")
    samples_per_pixel: int = Field(description="Samples in each stretch.")
    bits: Literal[8] = Field(description="Of each number in `data`.")
    length: int = Field(description="Stretches; at most 72,000.")
    data: list[int] = Field(description="Least and greatest sample of each stretch in turn, -128 to 127.")
