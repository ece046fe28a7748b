"""The PocketSphinx engine: English, its model inside the wheel, for machines without Whisper weights.

PocketSphinx writes words for any noise, so it is given nothing but speech. One call of it decodes one utterance and
holds the GIL meanwhile: 0.25 s per second of audio on one core of a server. Utterances are therefore short. Feeding
small blocks would let go of the GIL between them, but then the mean of the features is guessed as it goes instead of
taken over the utterance, and twice as many words are wrong (docs/explanation/speech.md).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Final, Protocol, cast

import numpy as np

from stenopool.errors import ErrorCode, FatalError, UsageError
from stenopool.transcripts.model import EngineIdentity, Segment, Word
from stenopool.transcripts.options import Options
from worker.engines.base import SAMPLE_RATE, Audio, Heard, SpeechSpan
from worker.engines.bounds import in_bounds, mean_probability, probability
from worker.engines.pieces import Grouping, Piece, group_speech
from worker.pipeline.detect_speech import detect_speech
from worker.weights import POCKETSPHINX_MODEL

GROUPING: Final = Grouping(longest_s=10.0, pause_s=2.0, pad_s=0.3)
"""10 s hold the GIL for 2.5 s; on human speech they are heard as well as 15 s, on flite's voices better."""

CUE_PAUSE_S: Final = 0.5
"""A pause this long inside an utterance begins a new segment."""

_FRAMES_PER_SECOND: Final = 100
_NOT_A_WORD: Final = re.compile(r"<.*>|\[.*\]|\+\+.*\+\+")
"""Sentence marks, silence and the noises of the model's filler dictionary."""

_VARIANT: Final = re.compile(r"\(\d+\)$")
"""``will(2)`` is the second pronunciation of ``will``."""


class Hypothesis(Protocol):
    """One token of a decoded utterance; frames of 10 ms from its start, the last included."""

    word: str
    start_frame: int
    end_frame: int
    prob: float


class Decoder(Protocol):
    """``pocketsphinx.Decoder``, as far as it is used; it ships no types."""

    def reinit_feat(self) -> None:
        """Forgets what earlier utterances taught it, so that equal audio gives equal words."""
        ...

    def start_utt(self) -> None:
        """Begins an utterance."""
        ...

    def process_raw(self, data: bytes, no_search: bool = False, full_utt: bool = False) -> int:
        """Takes s16le samples."""
        ...

    def end_utt(self) -> None:
        """Ends it; runs the second and third pass."""
        ...

    def seg(self) -> Iterable[Hypothesis] | None:
        """The best path; None where there is none."""
        ...


def load_pocketsphinx() -> "PocketSphinxEngine":
    """The engine with its model in memory; takes a quarter of a second.

    Raises:
        FatalError: ``weights_missing`` where PocketSphinx is not installed.
    """
    try:
        import pocketsphinx  # noqa: PLC0415 - has no wheel for every machine
    except ImportError:
        raise FatalError(
            ErrorCode.WEIGHTS_MISSING,
            "PocketSphinx is not installed: it has no wheel for this Python on this processor",
            "fetch Whisper weights with: stenopool model fetch base",
        ) from None
    decoder = pocketsphinx.Decoder(samprate=SAMPLE_RATE, loglevel="FATAL")
    # The model comes with the release and changes only with it.
    return PocketSphinxEngine(cast("Decoder", decoder), metadata.version("pocketsphinx"))


class PocketSphinxEngine:
    """Implements ``worker.engines.base.Engine`` with PocketSphinx's English model."""

    def __init__(self, decoder: Decoder, release: str) -> None:
        """Takes a decoder of 16 kHz audio and the release it comes from."""
        self._decoder = decoder
        self._identity = EngineIdentity(
            engine="pocketsphinx", model=POCKETSPHINX_MODEL, revision=release, compute_type="none"
        )

    @property
    def identity(self) -> EngineIdentity:
        """Equal for equal releases of PocketSphinx."""
        return self._identity

    @property
    def seconds_per_audio_second(self) -> float:
        """Five times real time: twenty times slower than on one core of a server."""
        return 5.0

    def check(self, options: Options) -> None:
        """Refuses every language but English, and translation.

        Raises:
            UsageError: ``language_not_supported`` or ``task_not_supported``.
        """
        if options.language not in ("auto", "en"):
            raise UsageError(
                ErrorCode.LANGUAGE_NOT_SUPPORTED,
                f"PocketSphinx knows only English, not {options.language!r}",
                "leave the language out, or ask the operator for a Whisper model",
            )
        if options.speech_task != "transcribe":
            raise UsageError(
                ErrorCode.TASK_NOT_SUPPORTED,
                "PocketSphinx cannot translate",
                "ask for task=transcribe, or ask the operator for a Whisper model",
            )

    def warm_up(self) -> None:
        """One utterance of a second of silence."""
        self._decode(np.zeros(SAMPLE_RATE, np.float32))

    def recognise(
        self, audio: Audio, options: Options, speech: Sequence[SpeechSpan] | None
    ) -> "PocketSphinxRecognition":
        """Begins; where no speech is given it is looked for, so that noise gives no words."""
        self.check(options)
        known = detect_speech(_to_pcm(audio)) if speech is None else speech
        utterances = group_speech(audio, known, GROUPING)
        return PocketSphinxRecognition(self._decode, audio, options, utterances)

    def _decode(self, audio: Audio) -> list[Hypothesis]:
        decoder = self._decoder
        decoder.reinit_feat()
        decoder.start_utt()
        decoder.process_raw(_to_pcm(audio).tobytes(), full_utt=True)
        decoder.end_utt()
        return list(decoder.seg() or ())


class DecodeUtterance(Protocol):
    """Words of one utterance."""

    def __call__(self, audio: Audio) -> list[Hypothesis]:
        """Holds the GIL for about a quarter of the audio's length."""
        ...


@dataclass(frozen=True, slots=True)
class PocketSphinxRecognition:
    """A running call."""

    decode: DecodeUtterance
    audio: Audio
    options: Options
    utterances: Sequence[Piece]

    @property
    def heard(self) -> Heard:
        """English, which is not detected but all it knows; with what it ignored."""
        return Heard("en", warnings=ignored(self.options))

    def segments(self) -> Iterator[Segment]:
        """Segments of one utterance after the other."""
        for utterance in self.utterances:
            heard = self.decode(self.audio[utterance.from_sample : utterance.to_sample])
            words = _words(heard, utterance.from_sample / SAMPLE_RATE)
            cues = (_segment(cue, self.options) for cue in _cues(words))
            yield from in_bounds(cues, utterance.speech_s)


def ignored(options: Options) -> tuple[str, ...]:
    """The warning for options that are set and that PocketSphinx has no use for; empty where there is none."""
    plain = Options()
    names = [
        name
        for name in ("initial_prompt", "hotwords", "beam_size", "temperature", "vad_filter")
        if getattr(options, name) != getattr(plain, name)
    ]
    if not names:
        return ()
    return (f"options_ignored: PocketSphinx has no use for {', '.join(names)}",)


def _words(hypotheses: Iterable[Hypothesis], offset_s: float) -> Iterator[Word]:
    for hypothesis in hypotheses:
        if _NOT_A_WORD.fullmatch(hypothesis.word):
            continue
        yield Word(
            start=offset_s + hypothesis.start_frame / _FRAMES_PER_SECOND,
            end=offset_s + (hypothesis.end_frame + 1) / _FRAMES_PER_SECOND,
            word=_VARIANT.sub("", hypothesis.word),
            probability=probability(hypothesis.prob),
        )


def _cues(words: Iterable[Word]) -> Iterator[list[Word]]:
    """Words parted at pauses."""
    cue: list[Word] = []
    for word in words:
        if cue and word.start - cue[-1].end >= CUE_PAUSE_S:
            yield cue
            cue = []
        cue.append(word)
    if cue:
        yield cue


def _segment(words: Sequence[Word], options: Options) -> Segment:
    return Segment(
        start=words[0].start,
        end=words[-1].end,
        text=" ".join(word.word for word in words),
        confidence=mean_probability(words),
        words=tuple(words) if options.word_timestamps else None,
    )


def _to_pcm(audio: Audio) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.clip(np.rint(audio * 32_768), -32_768, 32_767).astype(np.int16)
