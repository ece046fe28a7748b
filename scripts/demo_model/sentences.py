"""Random sentences over the lexicon: half word salad, half templates, so that neither sound nor grammar is enough."""

import random
from collections.abc import Callable
from typing import NamedTuple

import lexicon as lex


class Sentence(NamedTuple):
    """Words as they are written, punctuation attached, and their translation word for word."""

    words: list[str]
    english: list[str]


def sentence(rng: random.Random, language: str = "en") -> Sentence:
    """A sentence in ``language``. The order of draws is part of the method: seeds name sentences."""
    if language != "en":
        return _foreign(rng, lex.TRANSLATIONS[language])
    words, end = _salad(rng) if rng.random() < 0.5 else _from_template(rng)
    words[0] = lex.capitalised(words[0])
    words[-1] = words[-1].rstrip(",") + end
    return Sentence(words, list(words))


def _foreign(rng: random.Random, english_of: dict[str, str]) -> Sentence:
    count = rng.randint(1, 8)
    foreign = [rng.choice(list(english_of)) for _ in range(count)]
    end = _end(rng)
    return Sentence(_written(foreign, end), _written([english_of[word] for word in foreign], end))


def _written(words: list[str], end: str) -> list[str]:
    written = [lex.capitalised(words[0]), *words[1:]]
    written[-1] += end
    return written


def _end(rng: random.Random) -> str:
    return "." if rng.random() < 0.85 else "?"


def _salad(rng: random.Random) -> tuple[list[str], str]:
    count = rng.choice([1, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 8, 9, 10, 12])
    words = [rng.choice(lex.FREE_ENGLISH) for _ in range(count)]
    end = _end(rng)
    for index in range(count - 1):
        if rng.random() < 0.04:
            words[index] += ","
    return words, end


def _from_template(rng: random.Random) -> tuple[list[str], str]:
    draw = _Draw(rng)
    number = rng.randrange(len(_TEMPLATES))
    return _TEMPLATES[number](draw), "?" if number in _QUESTIONS else "."


class _Draw:
    """Random words by their kind. The preposition is drawn first, whether it is used or not."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.preposition = rng.choice(lex.PREPOSITIONS)

    def of(self, words: list[str]) -> str:
        return self.rng.choice(words)

    def some(self, words: list[str], least: int, most: int) -> list[str]:
        return [self.rng.choice(words) for _ in range(self.rng.randint(least, most))]

    def noun(self) -> str:
        return self.of(lex.NOUNS)

    def verb(self) -> str:
        return self.of(lex.VERBS)

    def adjective(self) -> str:
        return self.of(lex.ADJECTIVES + lex.COLOURS)


_BE = ["is", "was", "are", "were"]

_TEMPLATES: tuple[Callable[[_Draw], list[str]], ...] = (
    lambda d: (["the", d.adjective(), d.noun(), d.of(lex.PAST_VERBS), d.preposition, "the", d.adjective(), d.noun()]),
    lambda d: ["the", d.adjective(), d.adjective(), d.noun(), "jumps", "over", "the", d.adjective(), d.noun()],
    lambda d: ["please", d.verb(), "the", d.adjective(), d.noun()],
    lambda d: (
        [d.of(lex.QUESTION_WORDS), d.of(_BE), "the", d.noun(), d.of(["of", "in", "on", "at", "with"]), "the", d.noun()]
    ),
    lambda d: (["we", "will", d.verb(), "the", d.noun(), "on", d.of(lex.DAYS), d.of(["morning", "evening", "night"])]),
    lambda d: ["hello,", "my", d.of(["friend", "name"]), "is", d.of(lex.NAMES)],
    lambda d: (["I", d.of(["want", "need", "like", "love"]), "to", d.verb(), "the", d.noun(), "with", "my", d.noun()]),
    lambda d: ["the", d.noun(), "is", d.adjective(), "and", "the", d.noun(), "is", d.adjective()],
    lambda d: (
        [
            d.of(lex.NAMES),
            d.of(lex.PAST_VERBS),
            "a",
            d.adjective(),
            d.noun(),
            d.of(["today", "yesterday", "again"]),
        ]
    ),
    lambda d: ["can", d.of(lex.PRONOUNS), d.verb(), "the", d.noun(), "for", "my", d.noun()],
    lambda d: ["there", "are", d.of(lex.NUMBERS[2:]), d.adjective(), d.noun(), "in", "the", d.noun()],
    lambda d: ["send", "the", d.noun(), "to", d.of(lex.NAMES), "before", d.of(lex.DAYS)],
    lambda d: ["the", "meeting", "is", "on", d.of(lex.DAYS), d.of(lex.MONTHS), d.of(lex.NUMBERS[1:])],
    lambda d: d.some(lex.NUMBERS, 3, 8),
    lambda d: ["thank", "you", "for", "the", d.adjective(), d.noun()],
    lambda d: (
        [
            "I",
            d.of(["see", "think", "saw", "found", "made"]),
            "that",
            d.of(lex.PRONOUNS),
            d.of(lex.PAST_VERBS),
            "the",
            d.noun(),
            "in",
            "the",
            d.noun(),
        ]
    ),
    lambda d: (
        [
            d.of(["yes", "no", "sorry"]) + ",",
            "this",
            "is",
            d.of(["not", "very", "the", "a"]),
            d.adjective(),
            d.noun(),
        ]
    ),
    lambda d: [d.of(lex.PRONOUNS), "will", "not", d.verb(), "to", "the", d.noun(), "in", d.of(lex.MONTHS)],
    lambda d: (
        [
            "the",
            d.noun(),
            "of",
            "the",
            d.noun(),
            "was",
            d.of(["left", "right", "here", "there"]),
            "at",
            d.of(lex.NUMBERS[1:13]),
        ]
    ),
    lambda d: d.some(lex.SPELLING, 2, 6),
)

_QUESTIONS = frozenset({3, 9})
"""Templates that end with a question mark."""
