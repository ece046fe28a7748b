"""How much memory a model needs: weights by their number of parameters, and what recognition takes beside them; pure.

Working memory is what was measured less the weights, so that the sum is never below a measurement:

====================  ============  ===============  ==================
model                 compute type  measured, MB     here, MiB
====================  ============  ===============  ==================
large-v2, GPU         float16       4525 [1]         4528
large-v2, GPU         int8          2926 [1]         3050
large-v3, GPU         float16       4521 [2]         4528
large-v3, GPU         int8          2953 [2]         3050
turbo, GPU            float16       2537 [2]         2543
turbo, GPU            int8          1545 [2]         1772
distil-large-v3, GPU  float16       2409 [2]         2442
small, CPU            float32       2257 [1]         2281
small, CPU            int8          1477 [1]         1583
====================  ============  ===============  ==================

[1] faster-whisper's README, section Benchmark (beam size 5, one window at a time), which gives its numbers in MB.
[2] SYSTRAN/faster-whisper issue 1030, on an RTX 2080 Ti.
Parameters: openai/whisper README, and the model cards of distil-whisper. Nothing here was measured by this project.
"""

from dataclasses import dataclass
from typing import Final

from stenopool.sizes import shown_size

_MIB: Final = 1024 * 1024
_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class _Size:
    parameters: float
    """Millions."""
    working_mib: int
    """Beside the weights, on a GPU. That of models without a measurement is that of the next larger one with one."""


_SIZES: Final = {
    "tiny": _Size(39, 1000),
    "base": _Size(74, 1000),
    "small": _Size(244, 1000),
    "medium": _Size(769, 1572),
    "large": _Size(1550, 1572),
    "turbo": _Size(809, 1000),
    "distil-small": _Size(166, 1000),
    "distil-medium": _Size(394, 1000),
    "distil-large": _Size(756, 1000),
}
_VARIANTS: Final = ("-v3.5", "-v3-turbo", "-v1", "-v2", "-v3", ".en")
_PREFIXES: Final = ("Systran/faster-whisper-", "Systran/faster-")

_CPU_WORKING_MIB: Final = 1350
_BYTES_ON_GPU: Final = {"float32": 4.0, "int8": 1.0, "int8_float32": 1.0, "int8_float16": 1.0, "int8_bfloat16": 1.0}
"""Of one parameter; two where a type is not named: ``float16``, ``bfloat16``, and what CTranslate2 chooses by itself."""
_BYTES_ON_CPU: Final = {"int8": 1.0, "int8_float32": 1.0, "int8_float16": 1.0, "int8_bfloat16": 1.0, "int16": 2.0}
"""Four where a type is not named: a CPU computes ``float16`` as ``float32``."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a model needs."""

    model: str
    compute_type: str
    memory_bytes: int

    def __str__(self) -> str:
        return f"about {shown_size(self.memory_bytes)} for {self.model} {self.compute_type}"


def gpu_need(model: str, compute_type: str) -> Need | None:
    """Memory of a GPU for ``MODEL_SIZE`` and ``COMPUTE_TYPE``; None for weights that this table does not know."""
    size = _size_of(model)
    if size is None:
        return None
    weights = size.parameters * _MILLION * _BYTES_ON_GPU.get(compute_type, 2.0)
    return Need(model, compute_type, round(weights) + size.working_mib * _MIB)


def cpu_need(model: str, compute_type: str) -> Need | None:
    """Memory of a machine or container for one child of a worker; None for weights that this table does not know."""
    size = _size_of(model)
    if size is None:
        return None
    weights = size.parameters * _MILLION * _BYTES_ON_CPU.get(compute_type, 4.0)
    return Need(model, compute_type, round(weights) + _CPU_WORKING_MIB * _MIB)


def _size_of(model: str) -> _Size | None:
    name = model
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    name = name.removeprefix("whisper-")
    if name.endswith("turbo"):
        return _SIZES["turbo"] if name in {"turbo", "large-v3-turbo"} else None
    for variant in _VARIANTS:
        name = name.removesuffix(variant)
    return _SIZES.get(name)
