"""The faster-whisper engine: Whisper weights on CTranslate2, from the disk alone.

Where the speech is known, each piece of it is recognised by itself: no text of one piece conditions the next, so that
one misheard sentence does not spoil the rest. Where it is not (``vad_filter`` off), the audio goes to faster-whisper
as it is, window after window.
"""

import math
import time
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from stenopool.errors import ErrorCode, FatalError, UsageError
from stenopool.transcripts.model import EngineIdentity, Segment, Word
from stenopool.transcripts.options import Options
from worker.engines.base import SAMPLE_RATE, Audio, Heard, SpeechSpan
from worker.engines.bounds import in_bounds, mean_probability, probability
from worker.engines.pieces import Grouping, Piece, group_speech, whole_pieces
from worker.engines.whisper_model import (
    SpokenSegment,
    Whisper,
    WhisperSetup,
    is_out_of_memory,
    load_whisper,
    weights_revision,
)
from worker.weights import DEMO, display_name, find_weights, missing_weights

FALLBACK_TEMPERATURES: Final = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Tried in turn where the text of a window repeats itself or is improbable (Radford et al. 2022, section 4.5)."""

GROUPING: Final = Grouping(longest_s=29.5, pause_s=2.0, pad_s=0.3)
"""Whisper's window is 30 s, and it hears best with a full one (docs/explanation/speech.md)."""

DEMO_GROUPING: Final = Grouping(longest_s=15.0, pause_s=1.0, pad_s=0.3)
"""The demo model was trained on short sentences: 1.9 % of its words are wrong so, 6.0 % with ``GROUPING``."""

WHOLE_AUDIO_S: Final = 1200.0
"""Where the speech is not known, audio is given to faster-whisper in parts of at most this length: the spectra of four
hours at once would take 3 GB."""

DETECTION_WINDOWS: Final = 3
"""Half minutes of speech listened to for the language; the second and third only while none reaches 0.5."""

NO_LANGUAGE: Final = "und"
"""ISO 639-2 for undetermined: no speech, and no language asked for."""

_WINDOW_S: Final = 30


def load_faster_whisper(setup: WhisperSetup) -> "FasterWhisperEngine":
    """The engine with its weights in memory. Takes 0.02 s for the demo model, seconds for a large one.

    Raises:
        FatalError: ``weights_missing`` at once when the disk has none, ``settings_wrong`` for a device or compute type
            that this machine cannot offer, ``out_of_memory``.
    """
    folder = find_weights(setup.model, setup.model_dir)
    if folder is None:
        raise missing_weights(setup.model)
    model = load_whisper(folder, setup)
    identity = EngineIdentity(
        engine="faster-whisper",
        model=display_name(setup.model),
        revision=weights_revision(folder),
        compute_type=str(model.model.compute_type),
    )
    return FasterWhisperEngine(model, identity, DEMO_GROUPING if identity.model == DEMO else GROUPING)


class FasterWhisperEngine:
    """Implements ``worker.engines.base.Engine`` with a loaded model."""

    def __init__(self, model: Whisper, identity: EngineIdentity, grouping: Grouping) -> None:
        """Takes a model that ``load_whisper`` loaded."""
        self._model = model
        self._identity = identity
        self._grouping = grouping
        self._slowness = 10.0

    @property
    def identity(self) -> EngineIdentity:
        """The weights by hub commit or hash, and the compute type that CTranslate2 really took."""
        return self._identity

    @property
    def seconds_per_audio_second(self) -> float:
        """Ten times real time until warmed up, then what the warm-up measured, with much room.

        A window of 30 s may be decoded at six temperatures, and short pieces cost a whole window each.
        """
        return self._slowness

    def check(self, options: Options) -> None:
        """Refuses a language the weights have no token for, and translation by English-only weights.

        Raises:
            UsageError: ``language_not_supported`` or ``task_not_supported``.
        """
        name = self._identity.model
        if options.language != "auto" and options.language not in self._languages():
            raise UsageError(
                ErrorCode.LANGUAGE_NOT_SUPPORTED,
                f"the model {name!r} does not know the language {options.language!r}",
                "leave the language out, or ask for a model that knows it",
            )
        if options.speech_task == "translate" and not self._model.model.is_multilingual:
            raise UsageError(
                ErrorCode.TASK_NOT_SUPPORTED, f"the model {name!r} knows only English and cannot translate"
            )

    def warm_up(self) -> None:
        """One window of silence, encoded and decoded; its time tells the slowest believable speed.

        Raises:
            FatalError: ``settings_wrong``: the model was loaded and does not run; on a GPU CTranslate2 looks for its
                libraries only now. ``out_of_memory``.
        """
        began = time.monotonic()
        silence = np.zeros(SAMPLE_RATE, np.float32)
        try:
            list(self._model.transcribe(silence, language="en", beam_size=1, temperature=0.0)[0])
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise FatalError(ErrorCode.OUT_OF_MEMORY, "the device's memory is full") from error
            hint = f"{error}; `stenopool doctor` looks for what is missing"
            raise FatalError(ErrorCode.SETTINGS_WRONG, "the model does not run on its device", hint) from error
        self._slowness = max(2.0, 4 * (time.monotonic() - began))

    def recognise(self, audio: Audio, options: Options, speech: Sequence[SpeechSpan] | None) -> "WhisperRecognition":
        """Begins; nothing is computed before the first segment is asked for."""
        self.check(options)
        if speech is None:
            return WhisperRecognition(self._model, audio, options, whole_pieces(audio, WHOLE_AUDIO_S), is_whole=True)
        pieces = group_speech(audio, speech, self._grouping)
        return WhisperRecognition(self._model, audio, options, pieces, is_whole=False)

    def _languages(self) -> frozenset[str]:
        if not self._model.model.is_multilingual:
            return frozenset({"en"})
        token_of = self._model.hf_tokenizer.token_to_id
        return frozenset(code for code in self._model.supported_languages if token_of(f"<|{code}|>") is not None)


class WhisperRecognition:
    """A running call: pieces in, segments out, each as soon as it is decoded."""

    def __init__(
        self, model: Whisper, audio: Audio, options: Options, pieces: Sequence[Piece], *, is_whole: bool
    ) -> None:
        self._model = model
        self._audio = audio
        self._options = options
        self._pieces = pieces
        self._is_whole = is_whole
        self._heard = Heard(NO_LANGUAGE if options.language == "auto" else options.language)

    @property
    def heard(self) -> Heard:
        """The language asked for, or the detected one with its probability; ``und`` where nobody spoke."""
        return self._heard

    def segments(self) -> Iterator[Segment]:
        """Segments of one piece after the other."""
        if not self._pieces:
            return
        try:
            if self._options.language == "auto":
                self._heard = self._detect_language()
            settings = self._settings()
            for piece in self._pieces:
                yield from self._of_piece(piece, settings)
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise FatalError(ErrorCode.OUT_OF_MEMORY, "the device's memory is full") from None
            raise

    def _of_piece(self, piece: Piece, settings: dict[str, object]) -> Iterator[Segment]:
        spoken, _ = self._model.transcribe(self._audio[piece.from_sample : piece.to_sample], **settings)
        offset_s = piece.from_sample / SAMPLE_RATE
        segments = (segment_of(item, offset_s) for item in spoken if item.text.strip())
        return in_bounds(segments, piece.speech_s)

    def _detect_language(self) -> Heard:
        """Once per call, on speech alone, up to 90 s of it from the beginning."""
        wanted = DETECTION_WINDOWS * _WINDOW_S * SAMPLE_RATE
        parts: list[Audio] = []
        for piece in self._pieces:
            parts.append(self._audio[piece.from_sample : min(piece.to_sample, piece.from_sample + wanted)])
            wanted -= len(parts[-1])
            if wanted <= 0:
                break
        if not self._model.model.is_multilingual:
            return Heard("en")
        language, sureness, _ = self._model.detect_language(
            np.concatenate(parts), language_detection_segments=DETECTION_WINDOWS
        )
        return Heard(language, probability(sureness))

    def _settings(self) -> dict[str, object]:
        options = self._options
        return {
            "language": self._heard.language,
            "task": options.speech_task,
            "beam_size": options.beam_size,
            "temperature": options.temperature or FALLBACK_TEMPERATURES,
            "word_timestamps": options.word_timestamps,
            "initial_prompt": options.initial_prompt,
            "hotwords": options.hotwords,
            "condition_on_previous_text": self._is_whole,
        }


def segment_of(spoken: SpokenSegment, offset_s: float) -> Segment:
    """Our segment from faster-whisper's, ``offset_s`` seconds later. Text and words without the spaces around them."""
    words = tuple(
        Word(
            start=float(word.start) + offset_s,
            end=float(word.end) + offset_s,
            word=word.word.strip(),
            probability=probability(word.probability),
        )
        for word in spoken.words or ()
        if word.word.strip()
    )
    confidence = mean_probability(words)
    if confidence is None and math.isfinite(average := float(spoken.avg_logprob)):
        confidence = probability(math.exp(min(0.0, average)))
    return Segment(
        start=float(spoken.start) + offset_s,
        end=float(spoken.end) + offset_s,
        text=spoken.text.strip(),
        confidence=confidence,
        words=words if spoken.words is not None else None,
    )
