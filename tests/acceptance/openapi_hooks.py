"""What schemathesis is told beyond the document: recordings that are some, and a check of our own."""

import io
import json
import random
import re
import wave
from typing import Any, Final

import schemathesis
from hypothesis import strategies as st

PROBLEM: Final = re.compile(r"`([a-z_]+)`")


def recording(seed: int) -> bytes:
    """A quarter of a second of noise, another one for each seed."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(random.Random(seed).randbytes(8_000))
    return buffer.getvalue()


# Few different ones, so that some are joined and some answered at once; few bytes, so that the disk stays empty.
RECORDINGS: Final = st.integers(0, 30).map(recording)
NO_RECORDINGS: Final = st.sampled_from([b"", b"RIFF", b"ffconcat version 1.0\nfile a.wav\n"]) | st.binary(max_size=200)

schemathesis.openapi.format("binary", RECORDINGS | NO_RECORDINGS)
for media_type in ("audio/*", "video/*", "application/octet-stream"):
    schemathesis.openapi.media_type(media_type, RECORDINGS | NO_RECORDINGS)


@schemathesis.hook
def before_load_schema(context: schemathesis.HookContext, raw_schema: dict[str, Any]) -> None:
    """Here there is a key: without one nothing may be served."""
    for path in raw_schema["paths"].values():
        for operation in path.values():
            if "security" in operation:
                operation["security"].remove({})


@schemathesis.check
def only_documented_answers(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: "schemathesis.Case[Any]"
) -> None:
    """The status stands in the document by itself, not as its ``default``, and so does the problem's code."""
    responses = case.operation.definition.raw["responses"]
    documented = responses.get(str(response.status_code))
    if response.status_code == 405:
        # A method that the document does not have.
        return
    if documented is None:
        raise AssertionError(f"{response.status_code} is not documented: {response.text[:500]}")
    if response.status_code < 400 or response.request.method == "HEAD":
        return
    code = json.loads(response.content)["code"]
    if code not in PROBLEM.findall(documented["description"]):
        raise AssertionError(f"{response.status_code} {code} is not documented: {response.text[:500]}")
