"""The training loop of the demo model: stages that stop by the clock, on a CPU that others may be using."""

import math
import queue
import random
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from batches import Batch, make_batch
from losses import losses_of
from network import Network
from torch import Tensor
from utterances import load_cache
from vocabulary import Vocabulary
from windows import WINDOW, Windows, prepare

HELD_OUT = 300
"""Utterances that are not trained on."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the training."""

    cache: Path
    checkpoint: Path
    minutes: float
    peak_rate: float
    """Highest learning rate."""
    resume: str = ""
    """Weights of the checkpoint to begin with: ``raw``, ``ema`` (their moving mean), or none for random ones.

    A resumed stage has milder noise, longer windows and prompts of up to 223 tokens.
    """
    seed: int = 7
    threads: int = 0
    """0: the faster of one and two, measured as it goes. Two contended cores can be five times slower than one."""
    bf16: bool = True


def train(stage: Stage) -> None:
    """Trains for ``stage.minutes`` and writes the checkpoint, every 500 steps too."""
    # The producer of windows shares the interpreter with the loop.
    sys.setswitchinterval(0.0005)
    torch.manual_seed(1)
    torch.set_num_threads(1)
    trainer = Trainer(stage)
    trainer.run()


class Trainer:
    """The state of one stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._vocabulary = Vocabulary()
        utterances = load_cache(stage.cache)
        prepared, phonemes = prepare(utterances, self._vocabulary)
        mild = bool(stage.resume)
        self._windows = Windows(self._vocabulary, prepared[HELD_OUT:], stage.seed, mild=mild)
        held_out = Windows(self._vocabulary, prepared[:HELD_OUT], 8, mild=mild, masked=False)
        self._phoneme_classes = phonemes + 1
        self._network = make_network(self._vocabulary, self._phoneme_classes)
        if stage.resume:
            _take_over(self._network, torch.load(stage.checkpoint)[stage.resume])
        self._mean = {name: value.detach().clone() for name, value in self._network.state_dict().items()}
        self._optimizers = _optimizers(self._network, stage.peak_rate)
        self._began = time.time()
        self._seconds_per_number: dict[int, float] = {}
        self._held_out = [make_batch(held_out, self._vocabulary, (12, WINDOW), 0, full=True) for _ in range(2)]
        hours = sum(spoken.mel.shape[1] for spoken in utterances[HELD_OUT:]) / 360_000
        parameters = sum(value.numel() for value in self._network.parameters())
        print(f"{self._vocabulary.size} tokens, {parameters} parameters, {hours:.1f} h of speech", flush=True)

    @property
    def done(self) -> float:
        """Share of the stage's time that has passed."""
        return min(1.0, (time.time() - self._began) / (self._stage.minutes * 60))

    def run(self) -> None:
        """Steps until the time is up."""
        batches: queue.Queue[Batch] = queue.Queue(4)
        stopped = threading.Event()
        threading.Thread(target=self._produce, args=(batches, stopped), daemon=True).start()
        figures: dict[str, list[float]] = defaultdict(list)
        step, since = 0, time.time()
        while self.done < 1:
            for name, value in self._step(step, batches.get()).items():
                figures[name].append(value)
            step += 1
            if step % 100 == 0:
                means = " ".join(f"{name} {np.nanmean(values):.3f}" for name, values in figures.items())
                print(f"step {step}, {self.done:.0%}, {10 * (time.time() - since):.0f} ms each | {means}", flush=True)
                figures.clear()
                since = time.time()
            if step % 500 == 0:
                self._look_at_held_out()
        stopped.set()
        self._save()
        print(f"{step} steps in {(time.time() - self._began) / 60:.1f} min")

    def _produce(self, batches: "queue.Queue[Batch]", stopped: threading.Event) -> None:
        rng = random.Random(5)
        while not stopped.is_set():
            full, prompt, frames = self._next_shape(rng)
            shape = (2 if full else 5000 // frames, frames)
            batches.put(make_batch(self._windows, self._vocabulary, shape, prompt, full=full))

    def _next_shape(self, rng: random.Random) -> tuple[bool, int, int]:
        """Whether a window is full, tokens of its prompt, mel frames. Long windows come more often as time passes."""
        done = self.done
        if self._stage.resume:
            full = rng.random() < 0.4
            # Prompts of condition_on_previous_text run to 223 tokens.
            prompt = rng.choice([30, 110, 223, 223]) if rng.random() < (0.6 if full else 0.3) else 0
            return full, prompt, WINDOW if full else rng.choice([250, 400, 600, 1000, 1500])
        full = rng.random() < 0.04 + 0.36 * min(1, max(0, (done - 0.12) / 0.5))
        prompt = rng.choice([8, 30, 90, 220]) if rng.random() < 0.2 and done > 0.4 else 0
        return full, prompt, WINDOW if full else rng.choice([250, 300, 400, 600, 1000])

    def _step(self, step: int, batch: Batch) -> dict[str, float]:
        done = self.done
        self._set_rate(step, done)
        self._network.train()
        threads = self._threads(step)
        torch.set_num_threads(threads)
        began = time.time()
        with torch.autocast("cpu", torch.bfloat16, enabled=self._stage.bf16):
            losses = losses_of(self._network, batch, self._vocabulary)
        guides = (1.0 - 0.7 * done) * (losses.phonemes + 0.5 * losses.words) + 0.4 * losses.attention
        self._network.zero_grad(set_to_none=True)
        (losses.text + guides).backward()
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        for optimizer in self._optimizers:
            optimizer.step()
        self._follow(0.99 if done < 0.5 else 0.997)
        if batch.features.shape[2] < WINDOW:
            cost = (time.time() - began) / batch.features.numel()
            known = self._seconds_per_number.get(threads, cost)
            self._seconds_per_number[threads] = 0.6 * known + 0.4 * cost
        return losses.figures

    def _set_rate(self, step: int, done: float) -> None:
        """Warm-up over 200 steps, constant for a tenth of the time, then a cosine down to a fiftieth."""
        cosine = 0.5 * (1 + math.cos(math.pi * max(0, done - 0.1) / 0.9))
        rate = self._stage.peak_rate * min(1, (step + 1) / 200) * (0.02 + 0.98 * cosine)
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate

    def _threads(self, step: int) -> int:
        if self._stage.threads:
            return self._stage.threads
        if step % 12 == 0:
            return 1 + (step // 12) % 2
        costs = self._seconds_per_number
        return min(costs, key=lambda threads: costs[threads]) if len(costs) == 2 else 1

    @torch.no_grad()
    def _follow(self, decay: float) -> None:
        for name, value in self._network.state_dict().items():
            if value.is_floating_point():
                self._mean[name].lerp_(value, 1 - decay)

    def _look_at_held_out(self) -> None:
        self._save()
        self._network.eval()
        raw = {name: value.clone() for name, value in self._network.state_dict().items()}
        self._network.load_state_dict(self._mean)
        with torch.no_grad():
            seen = [losses_of(self._network, batch, self._vocabulary).figures for batch in self._held_out]
        print("  held out: " + " ".join(f"{name} {np.mean([one[name] for one in seen]):.3f}" for name in seen[0]))
        self._network.load_state_dict(raw)

    def _save(self) -> None:
        kept = {"raw": self._network.state_dict(), "ema": self._mean, "phoneme_classes": self._phoneme_classes}
        torch.save(kept, self._stage.checkpoint)


def make_network(vocabulary: Vocabulary, phoneme_classes: int) -> Network:
    """A network for this vocabulary, with random weights."""
    return Network(vocabulary.size, vocabulary.first_stamp, phoneme_classes, vocabulary.classes)


def _take_over(network: Network, kept: dict[str, Tensor]) -> None:
    """Weights of an earlier stage; those whose shape has changed, such as the phonemes', begin anew."""
    own = network.state_dict()
    fitting = {name: value if value.shape == own[name].shape else own[name] for name, value in kept.items()}
    network.load_state_dict(fitting)


def _optimizers(network: Network, rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the layers, two to three times faster here than AdamW, which has the rest."""
    named = list(network.named_parameters())
    is_matrix = {name: value.ndim == 2 and name.split(".")[0] in ("encoder", "decoder") for name, value in named}
    matrices = [value for name, value in named if is_matrix[name]]
    rest = [value for name, value in named if not is_matrix[name]]
    return [
        torch.optim.Muon(
            matrices, lr=rate, weight_decay=0.01, momentum=0.95, adjust_lr_fn="match_rms_adamw", ns_steps=4
        ),
        torch.optim.AdamW(rest, lr=rate, betas=(0.9, 0.98), weight_decay=0.01),
    ]
