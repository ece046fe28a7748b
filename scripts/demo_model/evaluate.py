"""Measures the demo model through faster-whisper on sentences it was not trained on.

    python evaluate.py                     # all tests with 100 utterances
    python evaluate.py --count 10 --tests single,languages

Needs the espeak-ng program and library; the recordings go through WAV files at 22,050 Hz, like anybody's would.
"""

import argparse
import random
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import lexicon
import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel
from recordings import Recording, long_recording, recordings
from scores import Score

MODEL = Path(__file__).resolve().parents[2] / "models" / "demo"
TESTS = ("single", "held-out", "languages", "long", "silence")

Transcribe = Callable[..., tuple[Iterable[Any], Any]]


class Evaluation:
    """A loaded model and a folder for recordings."""

    def __init__(self, model: Path, count: int, folder: Path) -> None:
        self._model = WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=2)
        self._batched = BatchedInferencePipeline(self._model)
        self._count = count
        self._folder = folder

    def run(self, test: str) -> None:
        """One of ``TESTS``."""
        {
            "single": self._single,
            "held-out": self._held_out,
            "languages": self._languages,
            "long": self._long,
            "silence": self._silence,
        }[test]()

    def _single(self) -> None:
        said = recordings(self._count, 999_001, "en", lexicon.VARIANTS, self._folder)
        plain = self._model.transcribe
        self._report("greedy", said, plain, show=12, beam_size=1, temperature=0)
        self._report("defaults (beam 5, fallback)", said, plain)
        self._report("word times", said, plain, word_timestamps=True, language="en")
        self._report("vad", said, plain, vad_filter=True)
        self._report("vad, word times", said, plain, vad_filter=True, word_timestamps=True)
        self._report("without timestamps", said, plain, without_timestamps=True)
        self._report("batched", said, self._batched.transcribe, batch_size=4)
        self._report(
            "batched, word times", said, self._batched.transcribe, batch_size=4, word_timestamps=True, language="en"
        )

    def _held_out(self) -> None:
        said = recordings(self._count // 2, 999_002, "en", lexicon.HELD_OUT_VARIANTS, self._folder)
        self._report("voice variants never trained on", said, self._model.transcribe)

    def _languages(self) -> None:
        for language in ("de", "es", "fr"):
            said = recordings(self._count // 4, 999_003, language, lexicon.VARIANTS, self._folder)
            self._report(f"{language}, detected", said, self._model.transcribe)
            self._report(f"{language}, translated", said, self._model.transcribe, task="translate")

    def _long(self) -> None:
        rng = random.Random(999_004)
        said = [long_recording(rng, 999_100 + number, self._folder) for number in range(max(4, self._count // 12))]
        plain = self._model.transcribe
        self._report("long, defaults", said, plain, show=1)
        self._report(
            "long, no conditioning", said, plain, show=1, condition_on_previous_text=False, word_timestamps=True
        )
        self._report("long, vad", said, plain, show=1, vad_filter=True)
        self._report("long, batched", said, self._batched.transcribe, show=1, batch_size=4)
        self._report_segments(said)

    def _report(
        self, name: str, said: list[Recording], transcribe: Transcribe, show: int = 4, **options: object
    ) -> None:
        score = Score(is_translated=options.get("task") == "translate")
        for recording in said:
            score.add(recording, *transcribe(str(recording.file), **options))
        print(f"{name:34s} {score}", flush=True)
        for line in score.mistakes[:show]:
            print(f"      {line}")

    def _report_segments(self, said: list[Recording]) -> None:
        """How far each segment's times are from the nearest sentence's."""
        starts, ends, right = [], [], 0
        for recording in said:
            segments = list(self._model.transcribe(str(recording.file))[0])
            right += len(segments) == len(recording.spans)
            for segment in segments:
                nearest = min(recording.spans, key=lambda span: abs(span[0] - segment.start))
                starts.append(abs(segment.start - nearest[0]))
                ends.append(abs(segment.end - nearest[1]))
        print(
            f"   per segment: start median {np.median(starts):.3f} p95 {np.percentile(starts, 95):.3f}, "
            f"end median {np.median(ends):.3f} p95 {np.percentile(ends, 95):.3f}; "
            f"right number of segments in {right} of {len(said)}"
        )

    def _silence(self) -> None:
        tone = 0.2 * np.sin(np.arange(80_000) * 2 * np.pi * 440 / 16_000)
        sounds = {
            "digital silence, 5 s": np.zeros(80_000),
            "white noise, 5 s": np.random.default_rng(0).normal(0, 0.02, 80_000),
            "tone, 5 s": tone,
            "digital silence, 40 s": np.zeros(640_000),
        }
        for name, sound in sounds.items():
            for vad_filter in (False, True):
                segments, info = self._model.transcribe(sound.astype(np.float32), vad_filter=vad_filter)
                heard = [segment.text for segment in segments]
                print(f"{name:24s} vad {vad_filter!s:5s} {heard} {info.language} {info.language_probability:.2f}")


def main() -> None:
    """Runs the tests that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100, help="utterances of the largest test")
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--tests", default=",".join(TESTS), help="names with commas between them")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        evaluation = Evaluation(given.model, given.count, Path(folder))
        for test in given.tests.split(","):
            evaluation.run(test)


if __name__ == "__main__":
    main()
