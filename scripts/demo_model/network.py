"""The demo model in PyTorch: a Whisper of 2.28 million parameters, begun so that it learns within an hour on a CPU."""

import math

import numpy as np
import torch
from channel import Floats
from torch import Tensor, nn
from torch.nn import functional
from vocabulary import TIMESTAMPS

WIDTH, HEADS, ENCODER_LAYERS, DECODER_LAYERS, FEED_FORWARD = 128, 4, 4, 3, 512
ENCODER_POSITIONS, DECODER_POSITIONS = 1500, 448

_NEAR = ([-2, 0, 2], [-5, 0, 5], [-10, 0, 10], [-16, 3, 16])
"""Encoder frames that the heads of each layer begin by looking at; the fourth head begins anywhere."""


def sinusoids(positions: int, width: int) -> tuple[Floats, Floats]:
    """Whisper's positions, float32 [positions, width], sines before cosines, and the frequencies [width / 2]."""
    frequencies = np.exp(-math.log(10000) / (width // 2 - 1) * np.arange(width // 2))
    angles = np.arange(positions)[:, None] * frequencies[None]
    return np.concatenate([np.sin(angles), np.cos(angles)], 1).astype(np.float32), frequencies


class Attention(nn.Module):
    """Multi-head attention, written out: the fused kernel's backward pass took half of each step on a CPU."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH, bias=False)
        self.value, self.out = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor, memory: Tensor | None = None, *, causal: bool = False) -> tuple[Tensor, Tensor]:
        """Output [batch, length, width] and weights [batch, heads, length, memory length]."""
        source = x if memory is None else memory
        query, key, value = (_split(y) for y in (self.query(x), self.key(source), self.value(source)))
        weights = query @ (key * (1 / math.sqrt(WIDTH // HEADS))).transpose(-1, -2)
        if causal:
            weights = weights + torch.full(weights.shape[-2:], -1e4, dtype=weights.dtype).triu(1)
        weights = torch.softmax(weights, -1)
        mixed = weights.to(value.dtype) @ value
        return self.out(mixed.transpose(1, 2).reshape(x.shape[0], -1, WIDTH)), weights


def _split(x: Tensor) -> Tensor:
    return x.view(x.shape[0], -1, HEADS, WIDTH // HEADS).transpose(1, 2)


class Block(nn.Module):
    """A layer of Whisper: attention to itself, in the decoder attention to the sound, feed-forward."""

    def __init__(self, *, crossing: bool) -> None:
        super().__init__()
        self.norm, self.attention = nn.LayerNorm(WIDTH), Attention()
        if crossing:
            self.cross_norm, self.cross_attention = nn.LayerNorm(WIDTH), Attention()
        self.forward_norm = nn.LayerNorm(WIDTH)
        self.widen, self.narrow = nn.Linear(WIDTH, FEED_FORWARD), nn.Linear(FEED_FORWARD, WIDTH)

    def forward(self, x: Tensor, memory: Tensor | None = None, *, causal: bool = False) -> tuple[Tensor, Tensor | None]:
        """Output, and the weights of the attention to the sound where there is one."""
        x = x + self.attention(self.norm(x), causal=causal)[0]
        weights = None
        if memory is not None:
            heard, weights = self.cross_attention(self.cross_norm(x), memory)
            x = x + heard
        return x + self.narrow(functional.gelu(self.widen(self.forward_norm(x)))), weights


class Network(nn.Module):
    """Encoder and decoder, and two heads of the encoder that only training uses: phonemes and words."""

    def __init__(self, tokens: int, first_stamp: int, phonemes: int, words: int) -> None:
        """``phonemes`` and ``words`` are numbers of classes, none included."""
        super().__init__()
        self.conv1 = nn.Conv1d(80, WIDTH, 3, padding=1)
        self.conv2 = nn.Conv1d(WIDTH, WIDTH, 3, stride=2, padding=1)
        positions, frequencies = sinusoids(ENCODER_POSITIONS, WIDTH)
        self.register_buffer("positions", torch.from_numpy(positions))
        self.encoder = nn.ModuleList(Block(crossing=False) for _ in range(ENCODER_LAYERS))
        self.encoder_norm = nn.LayerNorm(WIDTH)
        self.embedding = nn.Embedding(tokens, WIDTH)
        self.decoder_positions = nn.Parameter(torch.from_numpy(sinusoids(DECODER_POSITIONS, WIDTH)[0]) * 0.5)
        self.decoder = nn.ModuleList(Block(crossing=True) for _ in range(DECODER_LAYERS))
        self.decoder_norm = nn.LayerNorm(WIDTH)
        self.phonemes, self.words = nn.Linear(WIDTH, phonemes), nn.Linear(WIDTH, words)
        nn.init.normal_(self.embedding.weight, std=WIDTH**-0.5)
        with torch.no_grad():
            # With the default start the sound is drowned by the positions ten to one, and nothing is learnt.
            self.conv1.weight *= 2.5
            self.conv2.weight *= 4.0
            # Timestamps begin as the encoder's own positions.
            self.embedding.weight[first_stamp:] = torch.from_numpy(sinusoids(TIMESTAMPS, WIDTH)[0]) * 0.125
            self._begin_local(frequencies)

    def _begin_local(self, frequencies: Floats) -> None:
        """Encoder heads begin as windows on near frames: a rotation of the sinusoids by an offset is one of positions."""
        width = WIDTH // HEADS
        chosen = np.linspace(2, 30, width // 2).round().astype(int)
        for block, offsets in zip(self.encoder, _NEAR, strict=True):
            for head, offset in enumerate(offsets):
                query, key = torch.randn(width, WIDTH) * 0.02, torch.randn(width, WIDTH) * 0.02
                for row, frequency in enumerate(chosen):
                    sine, cosine = frequency, WIDTH // 2 + frequency
                    turn = frequencies[frequency] * offset
                    key[2 * row, sine] += 1.9
                    key[2 * row + 1, cosine] += 1.9
                    query[2 * row, sine] += 1.9 * math.cos(turn)
                    query[2 * row, cosine] += 1.9 * math.sin(turn)
                    query[2 * row + 1, cosine] += 1.9 * math.cos(turn)
                    query[2 * row + 1, sine] -= 1.9 * math.sin(turn)
                rows = slice(head * width, (head + 1) * width)
                block.attention.query.weight[rows] = query
                block.attention.key.weight[rows] = key

    def encode(self, features: Tensor, offsets: list[int]) -> tuple[Tensor, Tensor]:
        """The sound [batch, frames / 2, width], and the same halfway through the layers, where phonemes are read."""
        x = functional.gelu(self.conv2(functional.gelu(self.conv1(features)))).transpose(1, 2)
        x = x + torch.stack([self.positions[offset : offset + x.shape[1]] for offset in offsets])
        halfway = x
        for index, block in enumerate(self.encoder):
            x, _ = block(x)
            if index == ENCODER_LAYERS // 2 - 1:
                halfway = x
        return self.encoder_norm(x), halfway

    def decode(self, tokens: Tensor, memory: Tensor) -> tuple[Tensor, list[Tensor]]:
        """States [batch, length, width], and each layer's attention to the sound."""
        y = self.embedding(tokens) + self.decoder_positions[: tokens.shape[1]]
        weights = []
        for block in self.decoder:
            y, heard = block(y, memory, causal=True)
            weights.append(heard)
        return self.decoder_norm(y), weights
