"""Why a job failed, in plain words: one sentence and one hint for each code that can end a job."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stenopool.errors import ErrorCode


@dataclass(frozen=True, slots=True)
class Reason:
    """What a person is told about a failure. Neither text holds internals."""

    code: str
    message: str
    hint: str


_AGAIN: Final = "submit the file again; if it fails again, tell the operator"

_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    ErrorCode.UNDECODABLE_MEDIA: (
        "The file could not be decoded: it is damaged, incomplete or not what it says it is.",
        "play it locally, or convert it to WAV, FLAC or MP3 and submit that",
    ),
    ErrorCode.NO_AUDIO: (
        "The file has no audio track.",
        "check that the recording was made with sound",
    ),
    ErrorCode.AUDIO_TOO_LONG: (
        "The recording is longer than this installation takes.",
        "split it into shorter parts; the operator sets the limit with MAX_AUDIO_HOURS",
    ),
    ErrorCode.QUOTA_EXCEEDED: (
        "The recording is longer than what is left of today's audio.",
        "try the job again after midnight UTC, or ask the operator for more",
    ),
    ErrorCode.DECODE_TIMEOUT: (
        "Decoding the file took too long.",
        "convert it to WAV, FLAC or MP3 and submit that",
    ),
    ErrorCode.INFECTED: (
        "The virus scanner found something in the file; it was removed.",
        "submit a copy from a source that you trust",
    ),
    ErrorCode.UNSCANNABLE: (
        "The file is larger than the virus scanner takes.",
        "compress or split it, or ask the operator to raise StreamMaxLength in clamd.conf",
    ),
    ErrorCode.INPUT_MISSING: (
        "The uploaded file is not in the store any more.",
        "submit the file again",
    ),
    ErrorCode.LANGUAGE_NOT_SUPPORTED: (
        "The engine that runs here does not know this language.",
        "choose another language, or ask the operator for a multilingual model",
    ),
    ErrorCode.TASK_NOT_SUPPORTED: (
        "The engine that runs here does not translate.",
        "submit with task=transcribe, or ask the operator for a Whisper model",
    ),
    ErrorCode.INVALID_OPTION: (
        "The engine that runs here refused an option.",
        "submit without it; the detail names the option",
    ),
    ErrorCode.ENGINE_FAILED: ("The engine failed on this recording, three times.", _AGAIN),
    ErrorCode.ENGINE_TIMEOUT: ("The engine took too long on this recording, three times.", _AGAIN),
    ErrorCode.OUT_OF_MEMORY: (
        "There was not enough memory to transcribe this recording.",
        "submit a shorter recording, or ask the operator for a smaller model or more memory",
    ),
    ErrorCode.WORKER_LOST: ("The worker that transcribed this recording died, three times.", _AGAIN),
    ErrorCode.TRANSIENT_TOO_LONG: (
        "Something the work needs was away for more than an hour.",
        "submit the file again once the platform is healthy (GET /health)",
    ),
    ErrorCode.WEIGHTS_MISSING: (
        "The model's weights are not on the worker's disk.",
        "ask the operator to fetch them (stenopool model fetch)",
    ),
    ErrorCode.STORE_UNAVAILABLE: ("The store could not be read or written.", "submit the file again later"),
    ErrorCode.DISK_FULL: ("There was no room left on the disk.", "ask the operator for room, then submit again"),
    ErrorCode.INTERNAL_ERROR: ("Something went wrong inside the platform.", _AGAIN),
}

REASON_CODES: Final = frozenset(_TEXTS)
"""Codes that have a text of their own."""


def reason(code: str | None, detail: str | None = None) -> Reason:
    """The failure with this code; ``detail`` is the ledger's own sentence about it, already safe to show.

    A code of a newer release keeps its name and gets the general text.
    """
    code = code or ErrorCode.INTERNAL_ERROR
    message, hint = _TEXTS.get(code, _TEXTS[ErrorCode.INTERNAL_ERROR])
    if detail:
        message = f"{message} ({detail})"
    return Reason(code, message, hint)
