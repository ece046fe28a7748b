# ruff: noqa: N802 - the names are those of NVIDIA's library.
"""A driver that never was, with GPUs as a test wants them. ``tests/unit/gpus/test_nvml.py`` holds it to the real library.

A process of its own gets it as its ``pynvml``: see ``with_fake_gpus``.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

GIB = 1024**3
VARIABLE = "STENOPOOL_TEST_GPUS"
STAND_INS = Path(__file__).parent / "stand_ins"


@dataclass
class FakeGpu:
    uuid: str
    name: str = "NVIDIA L4"
    total: int = 24 * GIB
    used: int = GIB
    percent: int | None = 40
    """None: it does not tell, as a part of a GPU."""
    celsius: int = 55
    is_part: bool = False


@dataclass
class FakeMemory:
    total: int
    free: int
    used: int


@dataclass
class FakeUtilisation:
    gpu: int
    memory: int


class FakeNvmlError(Exception):
    """``NVMLError``."""


class FakeNvml:
    """The module ``pynvml``. ``broken`` is what its driver says of itself when it cannot be used."""

    NVMLError: type[Exception] = FakeNvmlError

    def __init__(self, gpus: Sequence[FakeGpu], broken: str = "") -> None:
        self.gpus = list(gpus)
        self.broken = broken
        self.open = 0

    def nvmlInit(self) -> None:
        self._answer()
        self.open += 1

    def nvmlShutdown(self) -> None:
        self.open -= 1

    def nvmlDeviceGetCount(self) -> int:
        return len(self._whole())

    def nvmlDeviceGetHandleByIndex(self, index: int) -> FakeGpu:
        self._answer()
        return self._whole()[index]

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> FakeGpu:
        self._answer()
        for gpu in self.gpus:
            if gpu.uuid == uuid:
                return gpu
        raise FakeNvmlError("Not Found")

    def nvmlDeviceGetUUID(self, handle: object) -> str:
        return _fake(handle).uuid

    def nvmlDeviceGetName(self, handle: object) -> str:
        return _fake(handle).name

    def nvmlDeviceGetMemoryInfo(self, handle: object) -> FakeMemory:
        gpu = _fake(handle)
        return FakeMemory(gpu.total, gpu.total - gpu.used, gpu.used)

    def nvmlDeviceGetUtilizationRates(self, handle: object) -> FakeUtilisation:
        gpu = _fake(handle)
        if gpu.percent is None:
            raise FakeNvmlError("Not Supported")
        return FakeUtilisation(gpu.percent, 10)

    def nvmlDeviceGetTemperature(self, handle: object, sensor: int) -> int:
        assert sensor == 0
        return _fake(handle).celsius

    def nvmlSystemGetDriverVersion(self) -> str:
        return "570.1"

    def _whole(self) -> list[FakeGpu]:
        return [gpu for gpu in self.gpus if not gpu.is_part]

    def _answer(self) -> None:
        if self.broken:
            raise FakeNvmlError(self.broken)


def _fake(handle: object) -> FakeGpu:
    assert isinstance(handle, FakeGpu)
    return handle


def with_fake_gpus(*gpus: FakeGpu) -> dict[str, str]:
    """The environment of a process that shall find these GPUs: the stand-in is found before the real library."""
    paths = [str(STAND_INS), str(Path(__file__).parents[1])]
    return {VARIABLE: json.dumps([asdict(gpu) for gpu in gpus]), "PYTHONPATH": os.pathsep.join(paths)}


def from_environment() -> FakeNvml:
    """What ``with_fake_gpus`` told this process."""
    return FakeNvml([FakeGpu(**gpu) for gpu in json.loads(os.environ[VARIABLE])])
