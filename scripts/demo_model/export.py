"""Writes a trained checkpoint as a CTranslate2 Whisper, the folder that faster-whisper loads."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from channel import Floats
from ctranslate2.specs import whisper_spec
from losses import GUIDED_HEADS
from network import DECODER_LAYERS, ENCODER_LAYERS, HEADS, WIDTH, Attention, Block
from torch import Tensor, nn
from training import make_network
from vocabulary import LANGUAGES, Vocabulary

_PREPROCESSOR = {"chunk_length": 30, "feature_size": 80, "hop_length": 160, "n_fft": 400, "sampling_rate": 16000}


def export(checkpoint: Path, folder: Path, quantization: str = "int8") -> None:
    """Writes the moving mean of the weights into ``folder``, which is replaced.

    Args:
        checkpoint: as ``training.train`` writes it.
        folder: where model.bin, tokenizer.json, vocabulary.json and two small files go.
        quantization: CTranslate2's name of a type, or ``float32`` for none.
    """
    vocabulary = Vocabulary()
    kept = torch.load(checkpoint)
    network = make_network(vocabulary, kept["phoneme_classes"])
    network.load_state_dict(kept["ema"])
    spec = whisper_spec.WhisperSpec(ENCODER_LAYERS, HEADS, DECODER_LAYERS, HEADS)
    encoder, decoder = spec.encoder, spec.decoder
    for layer, conv in ((encoder.conv1, network.conv1), (encoder.conv2, network.conv2)):
        layer.weight, layer.bias = _numbers(conv.weight), _numbers(conv.bias)
    encoder.position_encodings.encodings = _numbers(network.positions)
    _norm(encoder.layer_norm, network.encoder_norm)
    for layer, block in zip(encoder.layer, network.encoder, strict=True):
        _block(layer, block)
    decoder.embeddings.weight = decoder.projection.weight = _numbers(network.embedding.weight)
    decoder.position_encodings.encodings = _numbers(network.decoder_positions)
    _norm(decoder.layer_norm, network.decoder_norm)
    for layer, block in zip(decoder.layer, network.decoder, strict=True):
        _block(layer, block)
        _cross(layer.attention, block)
    _configure(spec, vocabulary)
    spec.validate()
    spec.optimize(quantization=None if quantization == "float32" else quantization)
    _write(spec, vocabulary, folder)


def _write(spec: Any, vocabulary: Vocabulary, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    spec.save(str(folder))
    vocabulary.tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    text = json.dumps(_PREPROCESSOR, indent=2) + "\n"
    (folder / "preprocessor_config.json").write_text(text, encoding="utf-8")
    for file in sorted(folder.iterdir()):
        print(f"{file.stat().st_size:9d} {file.name}")


def _configure(spec: Any, vocabulary: Vocabulary) -> None:
    tokens = vocabulary.tokenizer.get_vocab(with_added_tokens=True)
    spec.register_vocabulary(sorted(tokens, key=lambda token: tokens[token]))
    spec.config.suppress_ids = []
    # Only the bare space: without timestamps silence may end at once.
    spec.config.suppress_ids_begin = [vocabulary.tokenizer.token_to_id("Ġ")]
    spec.config.lang_ids = [vocabulary.language[language] for language in LANGUAGES]
    spec.config.alignment_heads = [[layer, head] for layer in range(1, DECODER_LAYERS) for head in range(GUIDED_HEADS)]


def _numbers(tensor: Tensor) -> Floats:
    numbers: Floats = tensor.detach().float().numpy().copy()
    return numbers


def _norm(spec: Any, norm: nn.LayerNorm) -> None:
    spec.gamma, spec.beta = _numbers(norm.weight), _numbers(norm.bias)


def _linear(spec: Any, *layers: nn.Linear) -> None:
    """One matrix of several: CTranslate2 multiplies query, key and value at once."""
    spec.weight = np.concatenate([_numbers(layer.weight) for layer in layers])
    biases = [_numbers(layer.bias) if layer.bias is not None else np.zeros(WIDTH, np.float32) for layer in layers]
    spec.bias = np.concatenate(biases)


def _block(spec: Any, block: Block) -> None:
    own: Attention = block.attention
    _norm(spec.self_attention.layer_norm, block.norm)
    _linear(spec.self_attention.linear[0], own.query, own.key, own.value)
    _linear(spec.self_attention.linear[1], own.out)
    _norm(spec.ffn.layer_norm, block.forward_norm)
    _linear(spec.ffn.linear_0, block.widen)
    _linear(spec.ffn.linear_1, block.narrow)


def _cross(spec: Any, block: Block) -> None:
    cross: Attention = block.cross_attention
    _norm(spec.layer_norm, block.cross_norm)
    _linear(spec.linear[0], cross.query)
    _linear(spec.linear[1], cross.key, cross.value)
    _linear(spec.linear[2], cross.out)
