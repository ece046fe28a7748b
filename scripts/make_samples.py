"""Remakes the recordings in ``samples/``: espeak-ng and flite speak, PyAV encodes.

    apt-get install espeak-ng flite
    .venv/bin/python scripts/make_samples.py

Never on the path of a demo or a test: the recordings are committed, and so are the words that are said in them. Another
version of a synthesiser or an encoder may give other bytes; ``samples/README.md`` says what to look at before
committing them.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

RATE: Final = 16_000
FOLDER: Final = Path(__file__).parent.parent / "samples"

Pcm = npt.NDArray[np.int16]
"""int16 [n_samples], 16 kHz mono."""


@dataclass(frozen=True)
class Voice:
    """A voice of one of the two synthesisers; words per minute count for espeak-ng alone."""

    program: str
    name: str
    words_per_minute: int = 165


@dataclass(frozen=True)
class Encoding:
    """How PyAV writes a container. ``rate`` in Hz; ``kbps`` 0 for what is lossless."""

    container: str
    codec: str
    rate: int = RATE
    kbps: int = 0


@dataclass(frozen=True)
class Sample:
    """A recording: who says what, with pauses in seconds after each sentence, taken in turn."""

    name: str
    endings: tuple[str, ...]
    voices: tuple[Voice, ...]
    sentences: tuple[str, ...]
    pauses_s: tuple[float, ...] = (0.8,)


AMERICAN: Final = Voice("espeak-ng", "en-us")
BRITISH: Final = Voice("espeak-ng", "en-gb+f2")

ENCODINGS: Final = {
    "wav": Encoding("wav", "pcm_s16le"),
    "flac": Encoding("flac", "flac"),
    "mp3": Encoding("mp3", "libmp3lame", kbps=48),
    "m4a": Encoding("ipod", "aac", kbps=48),
    "ogg": Encoding("ogg", "libopus", rate=48_000, kbps=32),
    "webm": Encoding("webm", "libopus", rate=48_000, kbps=32),
}

SAMPLES: Final = (
    Sample(
        "demo",
        ("wav", "flac", "mp3", "m4a", "ogg", "webm"),
        (AMERICAN,),
        (
            "Hello, my name is Alice.",
            "The quick brown fox jumps over the lazy dog.",
            "Send the report to Thomas before Friday.",
            "I want to drink the coffee with my friend.",
            "Thank you for the important message.",
        ),
    ),
    Sample(
        "german",
        ("flac",),
        (Voice("espeak-ng", "de"),),
        ("Grün Wasser zwei Bruder gelb.", "Kaffee Vater Morgen gelb Haus."),
    ),
    Sample(
        "spanish",
        ("flac",),
        (Voice("espeak-ng", "es"),),
        ("Grande siete pez dos mañana.", "Uno ventana azul café dos."),
    ),
    Sample(
        "french",
        ("flac",),
        (Voice("espeak-ng", "fr"),),
        ("Rouge bleu vert jaune noir.", "Maison voiture table livre."),
    ),
    Sample(
        "long",
        ("ogg",),
        (AMERICAN,),
        (
            "The meeting is on Monday March seven.",
            "We will open the door on Tuesday morning.",
            "Please close the big window.",
            "The train is fast and the bus is slow.",
            "Sarah found a small cat yesterday.",
            "What is the name of the river?",
            "I want to drink the coffee with my friend.",
            "The old house was near the mountain.",
            "Yes, this is very good music.",
            "One two three four five six seven.",
            "Alpha bravo charlie delta echo.",
            "I think that she saw the moon in the night.",
            "The story of the king was here at nine.",
            "Where is the station in the city?",
            "Henry sold a yellow bicycle today.",
            "They will not walk to the forest in October.",
            "Hello, my name is Alice.",
            "The quick brown fox jumps over the lazy dog.",
            "Send the report to Thomas before Friday.",
            "Thank you for the important message.",
            "Can you read the letter for my mother?",
            "There are five green apple in the kitchen.",
            "Please call the manager before Monday.",
            "The dog is happy and the cat is quiet.",
            "We will call the doctor on Sunday evening.",
            "Please open the small window.",
            "The train is fast and the river is slow.",
        ),
        (2.5, 3.0, 2.2),
    ),
    Sample(
        "two-voices",
        ("flac",),
        (AMERICAN, BRITISH),
        (
            "Hello, my name is Alice.",
            "Thank you for the important message.",
            "Send the report to Thomas before Friday.",
            "Please close the big window.",
        ),
    ),
    Sample(
        "flite-rms",
        ("flac",),
        (Voice("flite", "rms"),),
        (
            "The weather is nice today.",
            "We will meet at the station on Friday.",
            "Please call me back tomorrow morning.",
            "The train leaves in ten minutes.",
        ),
    ),
    Sample(
        "flite-slt",
        ("flac",),
        (Voice("flite", "slt"),),
        (
            "The quick brown fox jumped over the lazy dog.",
            "The weather is nice today.",
            "I would like a cup of coffee.",
            "Thank you very much for your help.",
        ),
    ),
)


def main() -> int:
    """Writes every recording and, beside it, one line of text per sentence."""
    FOLDER.mkdir(exist_ok=True)
    for sample in SAMPLES:
        _write(sample.name, _speak(sample), sample.endings)
        (FOLDER / f"{sample.name}.txt").write_text("\n".join(sample.sentences) + "\n", encoding="utf-8")
    _write("silence", np.zeros(5 * RATE, np.int16), ("flac",))
    noise = np.random.default_rng(1).normal(0, 0.05, 4 * RATE) * 32_767
    _write("noise", noise.astype(np.int16), ("flac",))
    for name in ("silence", "noise"):
        (FOLDER / f"{name}.txt").write_text("", encoding="utf-8")
    return 0


def _speak(sample: Sample) -> Pcm:
    parts = [np.zeros(RATE // 2, np.int16)]
    for number, sentence in enumerate(sample.sentences):
        parts.append(_said(sample.voices[number % len(sample.voices)], sentence))
        parts.append(np.zeros(round(sample.pauses_s[number % len(sample.pauses_s)] * RATE), np.int16))
    return np.concatenate(parts)


def _said(voice: Voice, sentence: str) -> Pcm:
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "said.wav"
        command = {
            "espeak-ng": ["-v", voice.name, "-s", str(voice.words_per_minute), "-w", str(wav), sentence],
            "flite": ["-voice", voice.name, "-t", sentence, "-o", str(wav)],
        }[voice.program]
        subprocess.run([voice.program, *command], check=True)
        with av.open(str(wav)) as container:
            samples = np.concatenate(list(_as_pcm(container.decode(audio=0))))
    audible = np.flatnonzero(np.abs(samples) > 100)
    return samples[audible[0] : audible[-1] + 1]


def _as_pcm(frames: Iterable[AudioFrame]) -> Iterator[Pcm]:
    resampler = AudioResampler("s16", "mono", RATE)
    for frame in frames:
        for resampled in resampler.resample(frame):
            yield resampled.to_ndarray()[0]
    for resampled in resampler.resample(None):
        yield resampled.to_ndarray()[0]


def _write(name: str, pcm: Pcm, endings: Sequence[str]) -> None:
    for ending in endings:
        file = FOLDER / f"{name}.{ending}"
        _encode(file, pcm, ENCODINGS[ending])
        sys.stdout.write(f"{file.name}: {len(pcm) / RATE:.1f} s, {file.stat().st_size / 1000:.0f} kB\n")


def _encode(file: Path, pcm: Pcm, encoding: Encoding) -> None:
    # Bit-exact: without the encoder's version and the time of day, so that remaking changes nothing by itself.
    with av.open(str(file), "w", format=encoding.container, options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(encoding.codec, rate=encoding.rate, layout="mono")
        assert isinstance(stream, AudioStream)  # noqa: S101 - for the type checker: an audio codec was asked for.
        context = stream.codec_context
        if encoding.kbps:
            context.bit_rate = 1000 * encoding.kbps
        context.flags |= 1 << 23  # AV_CODEC_FLAG_BITEXACT.
        context.open()
        resampler = AudioResampler(context.format, "mono", encoding.rate, frame_size=context.frame_size)
        frame = AudioFrame.from_ndarray(pcm[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = RATE
        frame.pts = 0
        for resampled in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(resampled))
        container.mux(stream.encode(None))


if __name__ == "__main__":
    sys.exit(main())
