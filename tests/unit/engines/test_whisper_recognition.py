"""How faster-whisper is called, seen by a model that only takes notes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pytest

from stenopool.errors import ErrorCode, FatalError
from stenopool.transcripts.model import EngineIdentity
from stenopool.transcripts.options import Options
from worker.engines.base import SAMPLE_RATE, Audio, SpeechSpan
from worker.engines.faster_whisper import FALLBACK_TEMPERATURES, GROUPING, FasterWhisperEngine, WhisperRecognition
from worker.engines.whisper_model import LoadedWeights, SpokenSegment, Vocabulary

IDENTITY: Final = EngineIdentity(engine="faster-whisper", model="noted", revision="r", compute_type="int8")


@dataclass
class Spoken:
    start: float
    end: float
    text: str = " word"
    avg_logprob: float = -0.1
    words: None = None


@dataclass
class Weights:
    compute_type: str = "int8"
    is_multilingual: bool = True


class AnyToken:
    def token_to_id(self, token: str) -> int | None:
        return 1


@dataclass
class Noting:
    """Says one word in each call, a second after its start."""

    model: LoadedWeights = field(default_factory=Weights)
    hf_tokenizer: Vocabulary = field(default_factory=AnyToken)
    supported_languages: list[str] = field(default_factory=lambda: ["en", "de"])
    calls: list[tuple[float, dict[str, object]]] = field(default_factory=list)
    detected_in: list[float] = field(default_factory=list)
    fault: Exception | None = None

    def transcribe(self, audio: Audio, **options: object) -> tuple[Iterable[SpokenSegment], object]:
        if self.fault:
            raise self.fault
        self.calls.append((len(audio) / SAMPLE_RATE, options))
        return [Spoken(1.0, 1.5)], None

    def detect_language(
        self, audio: Audio, *, language_detection_segments: int
    ) -> tuple[str, float, list[tuple[str, float]]]:
        self.detected_in.append(len(audio) / SAMPLE_RATE)
        return "de", 0.75, []


def begin(
    model: Noting, length_s: float, speech_s: Sequence[tuple[float, float]] | None, options: Options | None = None
) -> WhisperRecognition:
    speech = None if speech_s is None else [_span(*seconds) for seconds in speech_s]
    audio = np.ones(round(length_s * SAMPLE_RATE), np.float32)
    return FasterWhisperEngine(model, IDENTITY, GROUPING).recognise(audio, options or Options(), speech)


def _span(begin_s: float, end_s: float) -> SpeechSpan:
    return SpeechSpan(round(begin_s * SAMPLE_RATE), round(end_s * SAMPLE_RATE))


TWO_PIECES: Final = [(10.0, 12.0), (40.0, 42.0)]


def test_each_piece_is_a_call_and_its_times_count_from_the_start_of_the_audio() -> None:
    model = Noting()
    segments = list(begin(model, 60, TWO_PIECES).segments())
    assert [length_s for length_s, _ in model.calls] == pytest.approx([2.6, 2.6])
    # Pieces begin 0.3 s before the speech, and the word comes a second later.
    assert [segment.start for segment in segments] == [10.7, 40.7]


def test_a_segment_comes_before_the_next_piece_is_heard() -> None:
    model = Noting()
    next(begin(model, 60, TWO_PIECES).segments())
    assert len(model.calls) == 1


def test_the_language_is_detected_once_on_speech_and_kept() -> None:
    model = Noting()
    recognition = begin(model, 60, TWO_PIECES)
    list(recognition.segments())
    assert model.detected_in == pytest.approx([5.2])
    assert {str(options["language"]) for _, options in model.calls} == {"de"}
    assert (recognition.heard.language, recognition.heard.language_probability) == ("de", 0.75)


def test_no_more_than_ninety_seconds_are_listened_to_for_the_language() -> None:
    model = Noting()
    list(begin(model, 600, [(0.0, 600.0)]).segments())
    assert model.detected_in == pytest.approx([90])


def test_a_given_language_is_not_detected() -> None:
    model = Noting()
    list(begin(model, 60, TWO_PIECES, Options(language="en")).segments())
    assert model.detected_in == []


def test_weights_for_english_alone_detect_nothing() -> None:
    model = Noting(model=Weights(is_multilingual=False))
    recognition = begin(model, 60, TWO_PIECES)
    list(recognition.segments())
    assert (recognition.heard.language, recognition.heard.language_probability) == ("en", None)
    assert model.detected_in == []


def test_without_speech_the_model_is_not_called() -> None:
    model = Noting()
    assert list(begin(model, 60, []).segments()) == []
    assert (model.calls, model.detected_in) == ([], [])


def test_pieces_are_not_conditioned_on_one_another() -> None:
    model = Noting()
    list(begin(model, 60, TWO_PIECES).segments())
    assert {options["condition_on_previous_text"] for _, options in model.calls} == {False}


def test_audio_whose_speech_is_not_known_is_heard_in_one_call_with_conditioning() -> None:
    model = Noting()
    list(begin(model, 600, None).segments())
    assert [length_s for length_s, _ in model.calls] == [600]
    assert model.calls[0][1]["condition_on_previous_text"] is True


def test_very_long_audio_is_heard_in_parts() -> None:
    model = Noting()
    list(begin(model, 2500, None, Options(language="en")).segments())
    lengths = [length_s for length_s, _ in model.calls]
    assert sum(lengths) == pytest.approx(2500)
    assert max(lengths) <= 1200


def test_no_temperature_falls_back_and_a_given_one_does_not() -> None:
    used = []
    for temperature in (0.0, 0.4):
        model = Noting()
        list(begin(model, 60, TWO_PIECES, Options(temperature=temperature)).segments())
        used.append(model.calls[0][1]["temperature"])
    assert used == [FALLBACK_TEMPERATURES, 0.4]


def test_a_full_device_is_told_apart() -> None:
    model = Noting(fault=RuntimeError("CUDA failed with error out of memory"))
    with pytest.raises(FatalError) as raised:
        list(begin(model, 60, TWO_PIECES, Options(language="en")).segments())
    assert raised.value.code == ErrorCode.OUT_OF_MEMORY


def test_other_faults_of_the_library_stay_what_they_are() -> None:
    model = Noting(fault=RuntimeError("CUDA failed with error an illegal memory access"))
    with pytest.raises(RuntimeError, match="illegal"):
        list(begin(model, 60, TWO_PIECES, Options(language="en")).segments())


def test_a_model_whose_library_is_missing_says_so_when_it_is_warmed_up() -> None:
    # CTranslate2's own words, on a machine with a GPU and without cuBLAS.
    model = Noting(fault=RuntimeError("Library libcublas.so.12 is not found or cannot be loaded"))
    with pytest.raises(FatalError, match="does not run on its device") as caught:
        FasterWhisperEngine(model, IDENTITY, GROUPING).warm_up()
    assert caught.value.code is ErrorCode.SETTINGS_WRONG
    assert "libcublas.so.12" in caught.value.hint


def test_a_device_that_is_full_at_warm_up_is_no_wrong_setting() -> None:
    model = Noting(fault=RuntimeError("CUDA failed with error out of memory"))
    with pytest.raises(FatalError) as caught:
        FasterWhisperEngine(model, IDENTITY, GROUPING).warm_up()
    assert caught.value.code is ErrorCode.OUT_OF_MEMORY
