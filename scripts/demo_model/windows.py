"""Training windows: a spoilt layout of utterances, beside the tokens it should give and where each is heard."""

import random
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from channel import Draws, Floats, spoil
from layout import Layout, Prepared, lay_out
from utterances import LANGUAGES, Utterance
from vocabulary import Vocabulary

WINDOW = 3000
"""Mel frames of Whisper's window of 30 s."""

Interval = tuple[float, float] | None
"""Seconds in which a token is heard; None where it names no sound."""

IGNORED = -100
"""Target of a position that is not trained."""

_REACH_S = 0.06
"""A timestamp is heard this far around its moment."""


class Window(NamedTuple):
    """One example. ``guides`` has one entry more than the tokens: that of the token which the last one predicts."""

    features: Floats
    tokens: list[int]
    targets: list[int]
    guides: list[Interval]
    phonemes: npt.NDArray[np.int64]
    """Per encoder frame of 20 ms."""
    words: npt.NDArray[np.int64]
    """Word class per encoder frame."""
    offset: int
    """Encoder frames before the crop, in the window it is taken from."""
    end: int
    """Encoder frame where the content ends."""
    is_translated: bool


class Mood(NamedTuple):
    """What a window's text is like."""

    language: str
    translate: bool
    timed: bool


def prepare(utterances: list[Utterance], vocabulary: Vocabulary) -> tuple[list[Prepared], int]:
    """The utterances with tokens and numbered phonemes, and how many phonemes there are."""
    names = sorted({name for spoken in utterances for _, name in spoken.phonemes})
    number = {name: index + 1 for index, name in enumerate(name for name in names if not name.startswith("_"))}
    prepared = [
        Prepared(
            spoken, vocabulary.tokenise(spoken.words), vocabulary.tokenise(spoken.english), _frames_of(spoken, number)
        )
        for spoken in utterances
    ]
    return prepared, len(number)


def _frames_of(spoken: Utterance, number: dict[str, int]) -> npt.NDArray[np.int16]:
    frames = np.zeros(spoken.mel.shape[1], np.int16)
    ends = [begin for begin, _ in spoken.phonemes[1:]] + [1e6]
    for (begin, name), end in zip(spoken.phonemes, ends, strict=True):
        frames[max(0, int(begin * 100)) : max(0, int(min(end, 1e6) * 100))] = number.get(name, 0)
    return frames


class Windows:
    """An endless source of windows over prepared utterances."""

    def __init__(
        self, vocabulary: Vocabulary, prepared: list[Prepared], seed: int, *, mild: bool, masked: bool = True
    ) -> None:
        """``mild``: little noise, for the later stages. ``masked``: bands are blanked, in training alone."""
        self._vocabulary = vocabulary
        self._draws = Draws(random.Random(seed), np.random.default_rng(seed), mild, masked)
        self._pools: dict[str, list[Prepared]] = {}
        for item in prepared:
            self._pools.setdefault(item.spoken.language, []).append(item)

    def window(self, frames: int, prompt: int, *, full: bool) -> Window:
        """``frames`` mel frames, the whole window or a crop at a random offset; a prompt of at most ``prompt`` tokens."""
        rng = self._draws.rng
        offset = 2 * rng.randrange(0, (WINDOW - frames) // 2) if not full and rng.random() < 0.75 else 0
        language = rng.choice(LANGUAGES)
        translate = (language != "en" and rng.random() < 0.3) or rng.random() < 0.03
        pool = self._pools[language]
        silence = rng.random() < 0.06
        layout = lay_out(frames, pool, rng, mild=self._draws.mild, silence=silence)
        features = spoil(layout.mel, layout.end, self._draws, silence=silence)
        timed = rng.random() >= 0.4
        shown = rng.choice(["en", "en", "de", "es", "fr"]) if silence else language
        mood = Mood(shown, translate, timed)
        tokens, targets, guides = self._sequence(layout, offset / 100, mood, self._prompt(pool, prompt))
        return Window(
            features,
            tokens[:-1],
            targets[:-1],
            guides,
            layout.phonemes[::2].astype(np.int64),
            self._word_frames(layout, mood),
            offset // 2,
            layout.end // 2,
            translate,
        )

    def _sequence(
        self, layout: Layout, offset_s: float, mood: Mood, prompt: list[int]
    ) -> tuple[list[int], list[int], list[Interval]]:
        head = self._head(mood)
        body = list(self._body(layout, offset_s, mood))
        tokens = [*prompt, *head, *(token for token, _ in body), self._vocabulary.end]
        guides: list[Interval] = [None] * (len(prompt) + len(head))
        guides += [*(interval for _, interval in body), _end_guide(layout)]
        targets = [IGNORED] * len(tokens)
        # The language is predicted at <|startoftranscript|>.
        targets[len(prompt)] = self._vocabulary.language[mood.language] if layout.placed else self._vocabulary.no_speech
        # Without timestamps nothing says where a cut sentence begins, so what follows the last whole one is no target.
        last = len(tokens) - (1 if layout.cut_s is None or mood.timed else 2)
        first = len(prompt) + len(head) - 1
        targets[first:last] = tokens[first + 1 : last + 1]
        return tokens, targets, guides

    def _head(self, mood: Mood) -> list[int]:
        vocabulary = self._vocabulary
        task = vocabulary.translate if mood.translate else vocabulary.transcribe
        head = [vocabulary.start, vocabulary.language[mood.language], task]
        return head if mood.timed else [*head, vocabulary.no_timestamps]

    def _body(self, layout: Layout, offset_s: float, mood: Mood) -> Iterator[tuple[int, Interval]]:
        for index, (frame, item) in enumerate(layout.placed):
            begin = frame / 100
            from_s, to_s = begin + item.spoken.span[0], begin + item.spoken.span[1]
            if mood.timed:
                # faster-whisper allows no first timestamp beyond a second.
                stamped = min(from_s, 1.0) if index == 0 and offset_s == 0 else from_s
                yield self._vocabulary.stamp(stamped + offset_s), _around(from_s)
            text = item.translation if mood.translate else item.text
            for token, owner, is_punctuation in zip(text.ids, text.owners, text.is_punctuation, strict=True):
                word_from, word_to = item.spoken.word_times[owner]
                yield token, _around(begin + word_to) if is_punctuation else (begin + word_from, begin + word_to)
            if mood.timed:
                yield self._vocabulary.stamp(to_s + offset_s), _around(to_s)
        if layout.cut_s is not None and mood.timed:
            yield self._vocabulary.stamp(layout.cut_s + offset_s), _around(layout.cut_s)
        if not layout.placed and mood.timed:
            yield self._vocabulary.first_stamp, None

    def _word_frames(self, layout: Layout, mood: Mood) -> npt.NDArray[np.int64]:
        frames = np.zeros(layout.mel.shape[1] // 2, np.int64)
        if mood.translate:
            return frames
        for frame, item in layout.placed:
            begin = frame / 100
            for token, owner, is_punctuation in zip(*item.text, strict=True):
                if not is_punctuation:
                    word_from, word_to = item.spoken.word_times[owner]
                    first = int((begin + word_from) * 50)
                    frames[first : max(int((begin + word_to) * 50), first + 1)] = self._vocabulary.word_class[token]
        if layout.cut_s is not None and not mood.timed:
            frame, item = layout.placed[-1]
            frames[frame // 2 + item.frames // 2 + 1 :] = 0
        return frames

    def _prompt(self, pool: list[Prepared], most: int) -> list[int]:
        """Earlier text, as ``condition_on_previous_text`` gives it: sentences, most with their timestamps."""
        if not most:
            return []
        rng, first_stamp = self._draws.rng, self._vocabulary.first_stamp
        wanted = rng.randint(most // 4, most)
        prompt: list[int] = []
        while len(prompt) < wanted:
            ids = rng.choice(pool).text.ids
            if rng.random() < 0.7:
                ids = [first_stamp + rng.randrange(1400), *ids, first_stamp + rng.randrange(1400)]
            prompt += ids
        return [self._vocabulary.previous, *prompt[-wanted:]]


def _around(moment_s: float) -> tuple[float, float]:
    return moment_s - _REACH_S, moment_s + _REACH_S


def _end_guide(layout: Layout) -> Interval:
    """<|endoftext|> listens to where the last word ends: the aligner takes the word's end from it."""
    if not layout.placed:
        return None
    frame, item = layout.placed[-1]
    last = frame / 100 + item.spoken.span[1]
    return last + 0.02, last + 0.2
