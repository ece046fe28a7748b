"""What the training minimises: the next token, and three guides without which an hour would not do."""

from typing import NamedTuple

import torch
from batches import Batch
from network import DECODER_LAYERS, Network
from torch import Tensor
from torch.nn import functional
from vocabulary import TIMESTAMPS, Vocabulary

GUIDED_HEADS = 2
"""Heads of each decoder layer whose attention is guided; those of the later layers align words."""


class Losses(NamedTuple):
    """The four losses, and figures to print."""

    text: Tensor
    phonemes: Tensor
    words: Tensor
    attention: Tensor
    figures: dict[str, float]


def losses_of(network: Network, batch: Batch, vocabulary: Vocabulary) -> Losses:
    """The losses of one batch."""
    memory, halfway = network.encode(batch.features, batch.offsets)
    states, weights = network.decode(batch.tokens, memory)
    # A quarter of the frames is enough for the two guides of the encoder.
    frames = batch.words.numel()
    chosen = torch.randperm(frames)[: frames // 4]
    logits = _logits(network, states, batch).float()
    phoneme_logits = network.phonemes(halfway.flatten(0, 1)[chosen]).float()
    word_logits = network.words(memory.flatten(0, 1)[chosen]).float()
    targets = batch.targets[batch.targets >= 0]
    phonemes, words = batch.phonemes.flatten()[chosen], batch.words.flatten()[chosen]
    probabilities = functional.log_softmax(logits, -1)
    text = _text_loss(probabilities, targets, vocabulary)
    phoneme_loss = functional.cross_entropy(phoneme_logits, phonemes)
    word_loss = functional.cross_entropy(word_logits, words, ignore_index=-100)
    attention = _attention_loss(weights, batch)
    best = probabilities.argmax(-1)
    is_text, is_stamp = targets < vocabulary.end, targets > vocabulary.first_stamp
    figures = {
        "text_loss": text.item(),
        "phoneme_loss": phoneme_loss.item(),
        "word_loss": word_loss.item(),
        "attention_loss": attention.item(),
        "phonemes": _hits(phoneme_logits, phonemes),
        "words": _hits(word_logits, words),
        "text": (best == targets)[is_text].float().mean().item(),
        "stamps": ((best - targets).abs() <= 5)[is_stamp].float().mean().item() if is_stamp.any() else 0.0,
    }
    return Losses(text, phoneme_loss, word_loss, attention, figures)


def _logits(network: Network, states: Tensor, batch: Batch) -> Tensor:
    """Logits of the trained positions alone; padded to a multiple of 128 with the first, then cut: few shapes."""
    learnt = batch.targets >= 0
    kept = learnt.flatten().nonzero()[:, 0]
    kept = torch.cat([kept, kept[:1].expand(-len(kept) % 128)])
    return (states.flatten(0, 1)[kept] @ network.embedding.weight.T)[: learnt.sum()]


def _text_loss(probabilities: Tensor, targets: Tensor, vocabulary: Vocabulary) -> Tensor:
    """Cross-entropy; a timestamp some hundredths of a second out counts as nearly right."""
    loss = -probabilities.gather(1, targets[:, None])[:, 0]
    is_stamp = targets > vocabulary.first_stamp
    if is_stamp.any():
        steps = torch.arange(-3, 4)
        shares = torch.exp(-((steps.float() / 1.2) ** 2) / 2)
        shares = shares / shares.sum()
        near = (targets[is_stamp][:, None] + steps).clamp(
            vocabulary.first_stamp, vocabulary.first_stamp + TIMESTAMPS - 1
        )
        loss = loss.clone()
        loss[is_stamp] = -(probabilities[is_stamp].gather(1, near) * shares).sum(1)
    return loss.mean()


def _attention_loss(weights: list[Tensor], batch: Batch) -> Tensor:
    """The first layer listens to the token itself, the later ones to the token that follows."""
    later = [_outside(layer[:, :GUIDED_HEADS], batch.next_guides) for layer in weights[1:]]
    return _outside(weights[0][:, :GUIDED_HEADS], batch.own_guides) * 0.5 + sum(later) / (DECODER_LAYERS - 1)


def _outside(weights: Tensor, guides: Tensor) -> Tensor:
    """-log of the attention that falls inside the guides, mean over heads and guided positions."""
    frames = torch.arange(weights.shape[-1])
    inside = ((frames >= guides[..., :1]) & (frames < guides[..., 1:])).unsqueeze(1)
    share = (weights.float() * inside).sum(-1)
    return -(torch.log(share + 1e-4)).mean(1)[guides[..., 0] >= 0].mean()


def _hits(logits: Tensor, classes: Tensor) -> float:
    return float(((logits.argmax(-1) == classes) & (classes > 0)).sum() / (classes > 0).sum())
