"""The demo model's vocabulary: byte-level BPE where every known word is one token, and Whisper's special tokens.

What CTranslate2 4.8 expects of a Whisper vocabulary (src/models/whisper.cc): the empty token "" makes it multilingual;
text stands below ``<|endoftext|>``, then the special tokens in Whisper's order, then 1,501 timestamps as the last.
"""

import json
from typing import NamedTuple

import tokenizers
from lexicon import all_spellings
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

LANGUAGES = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu hy id "
    "is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si "
    "sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo zh yue"
).split()
"""All of Whisper's, so that asking for any is no error; four are known."""

TIMESTAMPS = 1501
"""0.00 to 30.00 s in steps of 0.02 s."""

_SPECIAL = [
    "<|endoftext|>",
    "<|startoftranscript|>",
    *(f"<|{language}|>" for language in LANGUAGES),
    "<|translate|>",
    "<|transcribe|>",
    "<|startoflm|>",
    "<|startofprev|>",
    "<|nospeech|>",
    "<|notimestamps|>",
]


def build_tokenizer() -> tokenizers.Tokenizer:
    """The tokenizer, equal each time it is built."""
    learnt = _learn_merges()
    model = json.loads(learnt.to_str())["model"]
    vocabulary = model["vocab"]
    vocabulary[""] = len(vocabulary)
    merges = [tuple(merge) if isinstance(merge, list) else tuple(merge.split(" ")) for merge in model["merges"]]
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer, tokenizer.decoder = learnt.pre_tokenizer, learnt.decoder
    tokenizer.add_special_tokens(_SPECIAL)
    stamps = [AddedToken(f"<|{step * 0.02:.2f}|>", normalized=False, special=False) for step in range(TIMESTAMPS)]
    tokenizer.add_tokens(stamps)
    split = [word for word in all_spellings() if len(tokenizer.encode(f" {word}").ids) != 1]
    if split:
        raise RuntimeError(f"words of more than one token: {split}")
    return tokenizer


def _learn_merges() -> tokenizers.Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=8000,
        min_frequency=0,
        show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )
    tokenizer.train_from_iterator([f" {word}" for word in all_spellings()], trainer)
    return tokenizer


class Tokenised(NamedTuple):
    """Tokens of a sentence; of each, the number of the word it belongs to and whether it is punctuation."""

    ids: list[int]
    owners: list[int]
    is_punctuation: list[bool]


class Vocabulary:
    """The tokens by their meaning."""

    def __init__(self) -> None:
        self.tokenizer = build_tokenizer()
        number = self.tokenizer.token_to_id
        self.end = number("<|endoftext|>")
        self.start = number("<|startoftranscript|>")
        self.language = {language: number(f"<|{language}|>") for language in LANGUAGES}
        self.transcribe, self.translate = number("<|transcribe|>"), number("<|translate|>")
        self.previous, self.no_speech = number("<|startofprev|>"), number("<|nospeech|>")
        self.no_timestamps = number("<|notimestamps|>")
        self.first_stamp = self.no_timestamps + 1
        self.size = self.tokenizer.get_vocab_size(with_added_tokens=True)
        self.word_class: dict[int, int] = {}
        """Token of a word -> number of the word, whatever its case; 0 is none."""
        classes: dict[str, int] = {}
        for word in all_spellings():
            token = self.tokenizer.encode(f" {word}").ids[0]
            self.word_class[token] = classes.setdefault(word.lower(), len(classes) + 1)
        self.classes = len(classes) + 1
        if self.size != self.first_stamp + TIMESTAMPS:
            raise RuntimeError("the timestamps must be the last tokens")

    def stamp(self, seconds: float) -> int:
        """The timestamp nearest to ``seconds``, at most 30 s."""
        return min(self.first_stamp + round(seconds / 0.02), self.first_stamp + TIMESTAMPS - 1)

    def tokenise(self, words: list[str]) -> Tokenised:
        """Tokens of a sentence; what follows a word's first token is its punctuation."""
        found = Tokenised([], [], [])
        for owner, word in enumerate(words):
            for place, token in enumerate(self.tokenizer.encode(f" {word}").ids):
                found.ids.append(token)
                found.owners.append(owner)
                found.is_punctuation.append(place > 0)
        return found
