"""Which of a host's GPUs count: those that its container, or whoever started the process, left visible; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from stenopool.gpus.model import Gpu

_HIDDEN: Final = "none"
"""``NVIDIA_VISIBLE_DEVICES=none``: a container with a driver and without a GPU."""

MIG: Final = "MIG-"
"""Begins the UUID of a part of a GPU."""


@dataclass(frozen=True, slots=True)
class Visibility:
    """What the environment says; None where it says nothing."""

    cuda: str | None = None
    """``CUDA_VISIBLE_DEVICES``: indices or UUIDs with commas. It counts up to the first that does not exist."""
    nvidia: str | None = None
    """``NVIDIA_VISIBLE_DEVICES``: what the container was given. Its indices are the host's, and where a device plugin
    does it another way it says ``void``: the driver then shows no more than was given, and only UUIDs are compared."""

    def parts(self) -> tuple[str, ...]:
        """UUIDs of parts of GPUs that are named: no list of the driver has them."""
        named = [*_words(self.cuda), *_words(self.nvidia)]
        return tuple(dict.fromkeys(word for word in named if word.startswith(MIG)))


def visible(gpus: Sequence[Gpu], seen: Visibility) -> tuple[Gpu, ...]:
    """Those of ``gpus`` that may be used, in the order in which they are to be tried."""
    return _by_cuda(_by_container(tuple(gpus), seen.nvidia), seen.cuda)


def _by_container(gpus: tuple[Gpu, ...], nvidia: str | None) -> tuple[Gpu, ...]:
    names = _words(nvidia)
    if names == (_HIDDEN,):
        return ()
    uuids = [name for name in names if name.startswith(("GPU-", MIG))]
    if not uuids:
        return gpus
    return tuple(gpu for gpu in gpus if any(gpu.is_called(uuid) for uuid in uuids))


def _by_cuda(gpus: tuple[Gpu, ...], cuda: str | None) -> tuple[Gpu, ...]:
    if cuda is None:
        return gpus
    found: list[Gpu] = []
    for name in _words(cuda):
        gpu = next((gpu for gpu in gpus if gpu.is_called(name)), None)
        if gpu is None:
            break
        if gpu not in found:
            found.append(gpu)
    return tuple(found)


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())
