# ruff: noqa: N802 - the names are those of NVIDIA's library.
"""Asks the driver about GPUs, through NVML (nvidia-ml-py, in the extra ``worker``).

What is used of that library stands here as a protocol; ``tests/unit/gpus/test_nvml.py`` holds the tests' own NVML to the
signatures of the real one.
"""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol, Self, cast

from stenopool.errors import ErrorCode, FatalError
from stenopool.gpus.model import Gpu, GpuState
from stenopool.gpus.visible import Visibility, visible

_SENSOR: Final = 0
"""``NVML_TEMPERATURE_GPU``: the die."""


class MemoryInfo(Protocol):
    """Bytes."""

    total: int
    free: int
    used: int


class Utilisation(Protocol):
    """Percent of the last moment."""

    gpu: int
    memory: int


class Nvml(Protocol):
    """The module ``pynvml``, as far as it is used. Handles mean something to it alone."""

    NVMLError: type[Exception]

    def nvmlInit(self) -> None:
        """Loads the driver's library."""
        ...

    def nvmlShutdown(self) -> None:
        """Lets it go."""
        ...

    def nvmlDeviceGetCount(self) -> int:
        """How many GPUs are seen."""
        ...

    def nvmlDeviceGetHandleByIndex(self, index: int) -> object:
        """A GPU by its number."""
        ...

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> object:
        """A GPU, or a part of one, by its UUID."""
        ...

    def nvmlDeviceGetUUID(self, handle: object) -> str:
        """Its UUID."""
        ...

    def nvmlDeviceGetName(self, handle: object) -> str:
        """Its name."""
        ...

    def nvmlDeviceGetMemoryInfo(self, handle: object) -> MemoryInfo:
        """Its memory."""
        ...

    def nvmlDeviceGetUtilizationRates(self, handle: object) -> Utilisation:
        """How busy it is; parts of a GPU do not tell."""
        ...

    def nvmlDeviceGetTemperature(self, handle: object, sensor: int) -> int:
        """Degrees Celsius."""
        ...

    def nvmlSystemGetDriverVersion(self) -> str:
        """The driver's version."""
        ...


class GpuReader:
    """An open NVML. Calls take some milliseconds; any thread may make them."""

    def __init__(self, nvml: Nvml) -> None:
        """Opens it.

        Raises:
            FatalError: ``settings_wrong``: no driver answers.
        """
        self._nvml = nvml
        try:
            nvml.nvmlInit()
        except nvml.NVMLError as error:
            raise FatalError(
                ErrorCode.SETTINGS_WRONG,
                f"no NVIDIA driver answers here ({error})",
                "install the driver, or give the container a GPU (NVIDIA Container Toolkit); or set DEVICE=cpu",
            ) from error

    @classmethod
    def open(cls) -> Self:
        """The real one.

        Raises:
            FatalError: ``settings_wrong``: no driver answers, or the library is not installed.
        """
        try:
            module = importlib.import_module("pynvml")
        except ModuleNotFoundError as error:
            raise FatalError(
                ErrorCode.SETTINGS_WRONG,
                "GPUs cannot be asked about: nvidia-ml-py is not installed here",
                "it comes with the extra `worker`",
            ) from error
        return cls(cast("Nvml", module))

    def close(self) -> None:
        """Lets the driver go."""
        try:
            self._nvml.nvmlShutdown()
        except self._nvml.NVMLError:
            # Whoever closes has no use for it any more.
            return

    def driver_version(self) -> str:
        """As the driver tells it.

        Raises:
            FatalError: as all that follow: ``settings_wrong``, the driver answers no more.
        """
        with self._answering():
            return self._nvml.nvmlSystemGetDriverVersion()

    def usable(self, seen: Visibility) -> tuple[Gpu, ...]:
        """The GPUs, and named parts of GPUs, that may be used, in the order in which they are to be tried."""
        with self._answering():
            all_of_them = [self._gpu(index, handle) for index, handle in self._handles()]
            parts = [
                self._gpu(None, self._nvml.nvmlDeviceGetHandleByUUID(uuid))
                for uuid in seen.parts()
                if all(gpu.uuid != uuid for gpu in all_of_them)
            ]
        return visible([*all_of_them, *parts], seen)

    def state(self, gpu: Gpu) -> GpuState:
        """What it does now."""
        nvml = self._nvml
        with self._answering():
            handle = nvml.nvmlDeviceGetHandleByUUID(gpu.uuid)
            memory = nvml.nvmlDeviceGetMemoryInfo(handle)
        utilisation = temperature = None
        try:
            utilisation = nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100
            temperature = float(nvml.nvmlDeviceGetTemperature(handle, _SENSOR))
        except nvml.NVMLError:
            # Not every kind of GPU tells both; memory is what decides.
            pass
        return GpuState(int(memory.used), int(memory.free), utilisation, temperature)

    def _handles(self) -> Iterator[tuple[int, object]]:
        for index in range(self._nvml.nvmlDeviceGetCount()):
            yield index, self._nvml.nvmlDeviceGetHandleByIndex(index)

    def _gpu(self, index: int | None, handle: object) -> Gpu:
        return Gpu(
            index=index,
            uuid=self._nvml.nvmlDeviceGetUUID(handle),
            name=self._nvml.nvmlDeviceGetName(handle),
            memory_bytes=int(self._nvml.nvmlDeviceGetMemoryInfo(handle).total),
        )

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except self._nvml.NVMLError as error:
            raise FatalError(
                ErrorCode.SETTINGS_WRONG, f"the NVIDIA driver does not answer as it should ({error})", "try: nvidia-smi"
            ) from error
