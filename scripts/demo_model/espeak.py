"""libespeak-ng through ctypes: speech with the times of its words and phonemes, 200 to 400 times real time.

One voice at a time: the library keeps its state in the process.
"""

import ctypes
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

# speak_lib.h: espeak_AUDIO_OUTPUT, espeak_EVENT_TYPE and espeak_PARAMETER.
_SYNCHRONOUS = 2
_PHONEME_EVENTS = 1
_EVENT_END_OF_LIST, _EVENT_WORD, _EVENT_END, _EVENT_PHONEME = 0, 1, 5, 7
_RATE, _PITCH, _RANGE = 1, 3, 4
_WORD_GAP = 7
_UTF8 = 1


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class WordTime(NamedTuple):
    """When a word begins, seconds, and where it stands in the text, counted from 1."""

    start_s: float
    position: int


class PhonemeTime(NamedTuple):
    """When a phoneme begins, seconds."""

    start_s: float
    name: str


class Speech(NamedTuple):
    """What was spoken: float32 [n_samples] at ``sample_rate()``, -1..1."""

    audio: npt.NDArray[np.float32]
    words: list[WordTime]
    phonemes: list[PhonemeTime]


_chunks: list[npt.NDArray[np.int16]] = []
_words: list[WordTime] = []
_phonemes: list[PhonemeTime] = []


@_CALLBACK
def _take(samples: "ctypes._Pointer[ctypes.c_short]", count: int, events: "ctypes._Pointer[_Event]") -> int:
    if count > 0 and samples:
        _chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
    for event in _until_end(events):
        start_s = event.audio_position / 1000
        if event.type == _EVENT_WORD:
            _words.append(WordTime(start_s, event.text_position))
        elif event.type == _EVENT_PHONEME:
            # The name fills all eight bytes or ends with a zero: ctypes would stop at the first zero or run on.
            raw = ctypes.string_at(ctypes.addressof(event.id), 8)
            _phonemes.append(PhonemeTime(start_s, raw.split(b"\0")[0].decode("utf-8", "replace")))
    return 0


def _until_end(events: "ctypes._Pointer[_Event]") -> Iterator[_Event]:
    index = 0
    while events[index].type != _EVENT_END_OF_LIST:
        yield events[index]
        index += 1


@cache
def _library() -> tuple[ctypes.CDLL, int]:
    library = ctypes.CDLL("libespeak-ng.so.1")
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEME_EVENTS)
    library.espeak_SetSynthCallback(_take)
    return library, int(rate)


def sample_rate() -> int:
    """Samples per second of what ``speak`` gives: 22,050."""
    return _library()[1]


def speak(text: str, voice: str, rate: int = 175, pitch: int = 50, pitch_range: int = 50) -> Speech:
    """The text as ``voice`` speaks it.

    Raises:
        ValueError: espeak-ng has no such voice.
    """
    library, _ = _library()
    for kept in (_chunks, _words, _phonemes):
        kept.clear()
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise ValueError(f"espeak-ng has no voice {voice!r}")
    for parameter, value in ((_RATE, rate), (_PITCH, pitch), (_RANGE, pitch_range), (_WORD_GAP, 0)):
        library.espeak_SetParameter(parameter, int(value), 0)
    body = text.encode("utf-8")
    library.espeak_Synth(body, ctypes.c_size_t(len(body) + 1), 0, 0, 0, _UTF8, None, None)
    samples = np.concatenate(_chunks) if _chunks else np.zeros(0, np.int16)
    return Speech(samples.astype(np.float32) / 32768, list(_words), list(_phonemes))
