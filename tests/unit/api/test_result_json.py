"""The JSON of a result, written by segments, is the JSON that pydantic would write."""

import io
import json

from api.result_json import json_pieces
from api.schemas import ResultBody, SegmentBody
from stenopool.transcripts.model import Transcript
from stenopool.transcripts.reading import read_transcript
from tests.unit.api.fake_ledger import job_view
from tests.unit.transcripts.made_transcripts import said, spoken, transcript

HOSTILE = '"segments":[] \\"segments\\":[] </script> \u2028'


def at_once(made: Transcript) -> str:
    body = ResultBody.of(job_view(), made).model_dump(mode="json")
    segments = [SegmentBody.of(segment) for segment in made.segments]
    return ResultBody.model_validate({**body, "segments": segments}).model_dump_json()


def test_pieces_are_together_what_would_be_written_at_once() -> None:
    for spoken_text in (
        transcript(said(HOSTILE), spoken([("a", 4, 5), ('"segments":[]', 5, 6)])),
        transcript(said("only one")),
        transcript(),
    ):
        made = spoken_text.model_copy(update={"options": {"initial_prompt": HOSTILE}, "warnings": (HOSTILE,)})
        read = read_transcript(io.BytesIO(made.model_dump_json().encode()))
        pieces = list(json_pieces(job_view(), read))
        assert "".join(pieces) == at_once(made)
        assert len(json.loads("".join(pieces))["segments"]) == len(made.segments) == len(pieces) - 2
