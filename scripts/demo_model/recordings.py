"""Recordings to measure with: spoken by the espeak-ng program, timed by its library and by loudness."""

import random
import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path

import espeak
import lexicon
import numpy as np
import numpy.typing as npt
from sentences import sentence

Floats = npt.NDArray[np.float32]

_RATE = 22_050
_LOUD = 0.004


@dataclass(frozen=True, slots=True)
class Recording:
    """A WAV file and what is said in it; times in seconds."""

    file: Path
    language: str
    script: str
    english: str
    voice: str
    spans: list[tuple[float, float]]
    """Begin and end of the sound of each sentence."""
    word_starts: list[float]
    """As espeak-ng tells them; it says some pairs as one, and then there are fewer than words."""
    duration_s: float


def recordings(count: int, seed: int, language: str, variants: list[str], folder: Path) -> list[Recording]:
    """``count`` random sentences in random voices; a seed names the same ones each time."""
    rng = random.Random(seed)
    return [_record(rng, language, variants, folder / f"{language}{seed}-{number}.wav") for number in range(count)]


def _record(rng: random.Random, language: str, variants: list[str], file: Path) -> Recording:
    words, english = sentence(rng, language)
    script = " ".join(words)
    voice = rng.choice(lexicon.VOICES[language]) + rng.choice(variants)
    rate, pitch = rng.randint(130, 200), rng.randint(25, 75)
    command = ["espeak-ng", "-v", voice, "-s", str(rate), "-p", str(pitch), "-w", str(file), script]
    subprocess.run(command, check=True)
    audio = _read(file)
    loud = np.nonzero(np.abs(audio) > _LOUD)[0]
    events = espeak.speak(script, voice, rate, pitch).words
    return Recording(
        file,
        language,
        script,
        " ".join(english),
        voice,
        spans=[(float(loud[0] / _RATE), float(loud[-1] / _RATE))],
        word_starts=[event.start_s for event in events],
        duration_s=len(audio) / _RATE,
    )


def long_recording(rng: random.Random, seed: int, folder: Path) -> Recording:
    """15 to 30 sentences of many voices with pauses of up to 1.2 s between them."""
    said = recordings(rng.randint(15, 30), seed, "en", lexicon.VARIANTS, folder)
    parts, spans = [_pause(rng, 1)], []
    for recording in said:
        begin_s = sum(len(part) for part in parts) / _RATE
        spans += [(begin_s + start_s, begin_s + end_s) for start_s, end_s in recording.spans]
        parts += [_read(recording.file), _pause(rng, 1.2)]
    audio = np.concatenate(parts)
    file = folder / f"long{seed}.wav"
    _write(file, audio)
    script = " ".join(recording.script for recording in said)
    return Recording(file, "en", script, script, "many", spans, [], len(audio) / _RATE)


def _pause(rng: random.Random, most_s: float) -> Floats:
    return np.zeros(int(_RATE * rng.uniform(0, most_s)), np.float32)


def _read(file: Path) -> Floats:
    with wave.open(str(file)) as opened:
        if opened.getframerate() != _RATE:
            raise ValueError(f"espeak-ng wrote {opened.getframerate()} samples per second, not {_RATE}")
        samples = np.frombuffer(opened.readframes(opened.getnframes()), np.int16)
    return samples.astype(np.float32) / 32_768


def _write(file: Path, audio: Floats) -> None:
    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(2)
        opened.setframerate(_RATE)
        opened.writeframes((np.clip(audio, -1, 1) * 32_767).astype(np.int16).tobytes())
