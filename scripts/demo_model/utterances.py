"""Synthesised utterances with what the training is guided by: log-mel frames, word times, phonemes."""

import multiprocessing
import pickle
import random
import time
from dataclasses import dataclass
from pathlib import Path

import espeak
import lexicon
import numpy as np
import numpy.typing as npt
from sentences import sentence

Floats = npt.NDArray[np.float32]

LANGUAGES = ["en"] * 7 + ["de", "es", "fr"]
"""Languages in their shares."""

_ESPEAK_RATE = 22_050
_LOUD = 0.004
"""Samples above this are speech: espeak-ng's silence is exact."""

_MOST_FRAMES = 1400
"""14 s: two utterances still fit into a window of 30 s."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One sentence as it was spoken. Times in seconds from the start of the kept audio."""

    words: list[str]
    english: list[str]
    language: str
    voice: str
    word_times: Floats
    """float32 [n_words, 2]: begin and end."""
    span: tuple[float, float]
    """Begin and end of the sound."""
    mel: npt.NDArray[np.float16]
    """float16 [80, n_frames], log10 of the mel power, 100 frames per second; neither clipped nor scaled."""
    phonemes: list[tuple[float, str]]
    """Begin and name of each."""


def mel_filters() -> Floats:
    """float32 [80, 201]: those of faster-whisper, so that training sees what the model will."""
    from faster_whisper.feature_extractor import FeatureExtractor  # noqa: PLC0415 - loads the model library

    filters: Floats = FeatureExtractor(feature_size=80).mel_filters
    return filters


def log_mel(audio: Floats, filters: Floats) -> Floats:
    """log10 of the mel power of 16 kHz audio, float32 [80, n_frames]; framed as faster-whisper frames."""
    padded = np.pad(np.pad(audio, (0, 160)), (200, 200), mode="reflect")
    count = 1 + (len(padded) - 400) // 160
    frames = np.lib.stride_tricks.as_strided(padded, (count, 400), (padded.strides[0] * 160, padded.strides[0]))
    window = np.hanning(401)[:-1].astype(np.float32)
    power = np.abs(np.fft.rfft(frames * window, axis=1)[:-1]) ** 2
    mel: Floats = np.log10(np.maximum(filters @ power.T.astype(np.float32), 1e-10))
    return mel


def to_16k(audio: Floats) -> Floats:
    """espeak-ng's 22,050 Hz at 16,000 Hz: exact for a whole spectrum, since 22,050 / 16,000 is 441 / 320."""
    padded = np.pad(audio, (0, -len(audio) % 441))
    count = len(padded) * 320 // 441
    spectrum = np.fft.rfft(padded)[: count // 2 + 1]
    return (np.fft.irfft(spectrum, count) * (count / len(padded))).astype(np.float32)


def utterance(
    rng: random.Random, language: str, filters: Floats, variants: list[str] = lexicon.VARIANTS
) -> Utterance | None:
    """A random sentence in a random voice; None where espeak-ng said nothing."""
    words, english = sentence(rng, language)
    voice = rng.choice(lexicon.VOICES[language]) + rng.choice(variants)
    speech = espeak.speak(" ".join(words), voice, rng.randint(130, 195), rng.randint(30, 70), rng.randint(40, 60))
    loud = np.nonzero(np.abs(speech.audio) > _LOUD)[0]
    if not len(loud):
        return None
    begin_s, end_s = float(loud[0] / _ESPEAK_RATE), float((loud[-1] + 1) / _ESPEAK_RATE)
    cut_s = max(0.0, begin_s - rng.uniform(0.0, 0.04))
    kept = speech.audio[int(cut_s * _ESPEAK_RATE) : int((end_s + 0.03) * _ESPEAK_RATE)]
    return Utterance(
        words,
        english,
        language,
        voice,
        word_times=_word_times(words, speech.words, (begin_s, end_s), cut_s),
        span=(begin_s - cut_s, end_s - cut_s),
        mel=log_mel(to_16k(kept), filters).astype(np.float16),
        phonemes=[(phoneme.start_s - cut_s, phoneme.name) for phoneme in speech.phonemes],
    )


def _word_times(words: list[str], events: list[espeak.WordTime], span: tuple[float, float], cut_s: float) -> Floats:
    """Begin and end of each word; a pair that espeak-ng says as one ("of the") shares its time evenly."""
    begin_s, end_s = span
    at = {event.position: event.start_s for event in events}
    starts: list[float | None] = []
    position = 1
    for word in words:
        starts.append(at.get(position))
        position += len(word) + 1
    if starts[0] is None:
        starts[0] = begin_s
    filled = _fill(starts, end_s)
    ends = [*filled[1:], end_s]
    return np.array(
        [
            [max(start, begin_s) - cut_s, min(max(end, start + 0.04), end_s) - cut_s]
            for start, end in zip(filled, ends, strict=True)
        ],
        np.float32,
    )


def _fill(starts: list[float | None], end_s: float) -> list[float]:
    """The starts with unknown ones spread evenly up to the next known."""
    known = [index for index, start in enumerate(starts) if start is not None]
    filled: list[float] = []
    for here, there in zip(known, [*known[1:], len(starts)], strict=True):
        begin = starts[here] or 0.0
        end = (starts[there] or 0.0) if there < len(starts) else end_s
        filled += [begin + (end - begin) * step / (there - here) for step in range(there - here)]
    return filled


def make_cache(folder: Path, count: int = 18_000, each: int = 500) -> None:
    """Synthesises ``count`` utterances into files of ``each``; files that are there stay. About 4 minutes."""
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [(folder / f"part{part:03d}.pkl", each, 1000 + part) for part in range(count // each)]
    began, speech_s = time.time(), 0.0
    with multiprocessing.Pool(2) as pool:
        for name, seconds in pool.imap_unordered(_make_part, [job for job in jobs if not job[0].exists()]):
            speech_s += seconds
            print(f"{name}: {speech_s:.0f} s of speech, {time.time() - began:.0f} s elapsed", flush=True)


def _make_part(job: tuple[Path, int, int]) -> tuple[str, float]:
    file, count, seed = job
    filters, rng = mel_filters(), random.Random(seed)
    made: list[Utterance] = []
    while len(made) < count:
        spoken = utterance(rng, rng.choice(LANGUAGES), filters)
        if spoken is not None and spoken.mel.shape[1] < _MOST_FRAMES:
            made.append(spoken)
    file.write_bytes(pickle.dumps(made))
    return file.name, sum(spoken.mel.shape[1] for spoken in made) / 100


def load_cache(folder: Path) -> list[Utterance]:
    """All utterances of the cache, in order. Only ever files that ``make_cache`` wrote."""
    made: list[Utterance] = []
    for file in sorted(folder.glob("part*.pkl")):
        made += pickle.loads(file.read_bytes())  # noqa: S301 - our own files
    return made
