"""GPUs, where the settings want one: a driver, a GPU that is visible and large enough, and cuBLAS."""

import ctypes
from collections.abc import Callable, Sequence
from typing import Final

from stenopool.doctor.finding import Finding, Level, ok
from stenopool.doctor.of_models import runs_models
from stenopool.errors import FatalError
from stenopool.gpus.model import Gpu
from stenopool.gpus.need import gpu_need
from stenopool.gpus.nvml import GpuReader
from stenopool.gpus.visible import Visibility
from stenopool.settings import Settings
from stenopool.sizes import gib, shown_size

CUBLAS: Final = "libcublas.so.12"
"""The one library of CUDA that CTranslate2 4.8 loads; no cuDNN since 4.6.3."""


def look_at_gpus(
    settings: Settings,
    seen: Visibility,
    open_reader: Callable[[], GpuReader] = GpuReader.open,
    library: str = CUBLAS,
) -> list[Finding]:
    """Nothing where the model runs on the CPU, or no worker can run here."""
    if settings.engine != "faster-whisper" or settings.device == "cpu" or not runs_models():
        return []
    # Where it was left open, a machine without a GPU is slow and not broken.
    level = Level.WARN if settings.device == "auto" else Level.FAIL
    return [*_devices(settings, seen, open_reader, level), _library(library, level)]


def _devices(settings: Settings, seen: Visibility, open_reader: Callable[[], GpuReader], level: Level) -> list[Finding]:
    try:
        reader = open_reader()
    except FatalError as error:
        return [Finding("gpu_driver", level, error.message, error.hint)]
    try:
        driver = ok("gpu_driver", f"the NVIDIA driver answers, version {reader.driver_version()}")
        usable = reader.usable(seen)
        free = {gpu.uuid: reader.state(gpu).free_bytes for gpu in usable}
    except FatalError as error:
        return [Finding("gpu_driver", level, error.message, error.hint)]
    finally:
        reader.close()
    return [driver, _fitting(settings, usable, free, level)]


def _fitting(settings: Settings, usable: Sequence[Gpu], free: dict[str, int], level: Level) -> Finding:
    wanted = settings.device.partition(":")[2] if settings.gpu == "auto" else settings.gpu
    if not usable:
        remedy = "CUDA_VISIBLE_DEVICES and NVIDIA_VISIBLE_DEVICES; the GPUs that the container was given"
        return Finding("gpu_devices", level, "no GPU is visible here", remedy)
    there = "; ".join(
        f"{gpu.label} {gpu.name}, {shown_size(gpu.memory_bytes)}, {gib(free[gpu.uuid])} free" for gpu in usable
    )
    named = [gpu for gpu in usable if not wanted or gpu.is_called(wanted)]
    if not named:
        return Finding(
            "gpu_devices", level, f"there is no GPU {wanted} here: {there}", "GPU=auto, or one that is there"
        )
    need = gpu_need(settings.model_size, settings.compute_type)
    if need is not None and all(gpu.memory_bytes < need.memory_bytes for gpu in named):
        remedy = "a smaller MODEL_SIZE, or COMPUTE_TYPE=int8_float16"
        return Finding("gpu_devices", level, f"the model needs {need}: {there}", remedy)
    return ok("gpu_devices", there + (f"; a worker needs {need}" if need else ""))


def _library(library: str, level: Level) -> Finding:
    try:
        # In this process, which is about to end.
        ctypes.CDLL(library)
    except OSError:
        return Finding(
            "gpu_libraries",
            level,
            f"{library} cannot be loaded: no model runs on a GPU",
            "install requirements/worker-gpu.lock, and name its folder in LD_LIBRARY_PATH (docs/how-to/gpu.md)",
        )
    return ok("gpu_libraries", f"{library} can be loaded")
