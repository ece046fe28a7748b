"""Where a worker's model runs: on the GPU that it takes or is told, or on the CPU.

Decided once, in the main process, before the first child: the child sees that one GPU alone (``CUDA_VISIBLE_DEVICES``),
whatever it loads, and its successor sees the same. A GPU that is taken, or whose memory is not free yet, may be given up
by a dying worker: it is waited for as long as for a Redis that starts. What will not change by itself is refused at once.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from stenopool.errors import ErrorCode, FatalError
from stenopool.gpus.model import Gpu
from stenopool.gpus.need import Need, gpu_need
from stenopool.gpus.nvml import GpuReader
from stenopool.gpus.visible import Visibility
from stenopool.logs import get_logger
from stenopool.queueing.names import is_recognise
from stenopool.queueing.startup import START_LIMIT_S
from stenopool.settings import Settings
from stenopool.sizes import gib, shown_size
from worker.gpu_lock import GpuLock, holder
from worker.run_files import run_dir

_PAUSE_S: Final = 0.5

_log = get_logger(__name__)

Opener = Callable[[], GpuReader]


@dataclass(frozen=True, slots=True)
class HeldGpu:
    """A GPU that is this worker's."""

    gpu: Gpu
    lock: GpuLock
    reader: GpuReader

    def close(self) -> None:
        """Gives it back."""
        self.lock.close()
        self.reader.close()


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the model of a worker runs: ``device`` is ``cpu`` or ``cuda``, empty without a model."""

    device: str
    held: HeldGpu | None = None

    @property
    def gpu(self) -> Gpu | None:
        """The GPU, if it is one."""
        return self.held.gpu if self.held else None


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why a GPU cannot be had. ``may_pass``: it may be had in a moment."""

    line: str
    code: ErrorCode
    may_pass: bool


def place(
    settings: Settings,
    pools: Sequence[str],
    seen: Visibility,
    open_reader: Opener = GpuReader.open,
    limit_s: float = START_LIMIT_S,
) -> Placement:
    """Settles where the model runs, and takes the GPU if it is to be one. Waits up to ``limit_s`` seconds for that.

    Raises:
        FatalError: ``settings_wrong`` where there is no such GPU, no driver, or none that is free; ``out_of_memory``
            where the model does not fit.
    """
    if not any(is_recognise(pool) for pool in pools):
        return Placement("")
    if not may_use_gpu(settings):
        return Placement("cpu")
    try:
        held = _take(settings, seen, open_reader, limit_s if settings.device != "auto" else 0.0)
    except FatalError as error:
        if settings.device != "auto":
            _log.critical("gpu_refused", code=str(error.code), reason=error.message, hint=error.hint)
            raise
        # Asked for `auto`, a machine without a GPU is no fault.
        _log.warning("gpu_not_used", reason=error.message)
        return Placement("cpu")
    gpu = held.gpu
    _log.info("gpu_taken", gpu=gpu.index, uuid=gpu.uuid, name=gpu.name, memory=shown_size(gpu.memory_bytes))
    return Placement("cuda", held)


def may_use_gpu(settings: Settings) -> bool:
    """Whether the settings ask for a GPU, or for one if there is one. The fake engine stands in for the real one."""
    if settings.device == "auto":
        return settings.engine == "faster-whisper"
    return settings.device.startswith("cuda") and settings.engine != "pocketsphinx"


def _take(settings: Settings, seen: Visibility, open_reader: Opener, limit_s: float) -> HeldGpu:
    wanted = _wanted(settings)
    reader = open_reader()
    try:
        candidates = _candidates(reader.usable(seen), wanted)
        need = gpu_need(settings.model_size, settings.compute_type) if settings.engine == "faster-whisper" else None
        return _first_free(settings, reader, candidates, need, limit_s)
    except BaseException:
        reader.close()
        raise


def _wanted(settings: Settings) -> str:
    """The GPU that the operator named; empty for any. ``DEVICE=cuda:1`` says the same as ``GPU=1``."""
    told = "" if settings.gpu == "auto" else settings.gpu
    by_device = settings.device.partition(":")[2]
    if told and by_device and told != by_device:
        raise FatalError(
            ErrorCode.SETTINGS_WRONG, f"DEVICE={settings.device} and GPU={told} name two GPUs", "set DEVICE=cuda"
        )
    return told or by_device


def _candidates(usable: Sequence[Gpu], wanted: str) -> Sequence[Gpu]:
    there = ", ".join(f"{gpu.label} ({gpu.name}, {gpu.uuid})" for gpu in usable) or "none"
    if not usable:
        raise FatalError(
            ErrorCode.SETTINGS_WRONG,
            "no GPU is visible here",
            "look at CUDA_VISIBLE_DEVICES and NVIDIA_VISIBLE_DEVICES; or set DEVICE=cpu",
        )
    if not wanted:
        return usable
    called = [gpu for gpu in usable if gpu.is_called(wanted)]
    if not called:
        raise FatalError(ErrorCode.SETTINGS_WRONG, f"there is no GPU {wanted} here", f"there are: {there}")
    return called[:1]


def _first_free(
    settings: Settings, reader: GpuReader, candidates: Sequence[Gpu], need: Need | None, limit_s: float
) -> HeldGpu:
    until = time.monotonic() + limit_s
    is_told = False
    while True:
        refusals: list[_Refusal] = []
        for gpu in candidates:
            got = _try(settings, reader, gpu, need)
            if isinstance(got, GpuLock):
                return HeldGpu(gpu, got, reader)
            refusals.append(got)
        reason = _reason(refusals, need)
        if not any(refusal.may_pass for refusal in refusals) or time.monotonic() >= until:
            raise reason
        if not is_told:
            _log.warning("gpu_awaited", reason=reason.message, limit_s=limit_s)
            is_told = True
        time.sleep(_PAUSE_S)


def _try(settings: Settings, reader: GpuReader, gpu: Gpu, need: Need | None) -> "GpuLock | _Refusal":
    folder = run_dir(settings.data_dir)
    has = f"{gpu.label} has {shown_size(gpu.memory_bytes)}"
    if need is not None and gpu.memory_bytes < need.memory_bytes:
        return _Refusal(f"{has}, {gib(reader.state(gpu).free_bytes)} free", ErrorCode.OUT_OF_MEMORY, may_pass=False)
    try:
        lock = GpuLock.take(folder, gpu.uuid)
    except OSError as error:
        raise FatalError(
            ErrorCode.SETTINGS_WRONG, f"DATA_DIR takes no lock for a GPU: {error.strerror or type(error).__name__}"
        ) from error
    if lock is None:
        by = holder(folder, gpu.uuid)
        return _Refusal(
            f"{gpu.label} is another worker's" + (f" ({by})" if by else ""), ErrorCode.SETTINGS_WRONG, may_pass=True
        )
    try:
        free_bytes = reader.state(gpu).free_bytes
    except BaseException:
        lock.close()
        raise
    if need is not None and free_bytes < need.memory_bytes:
        lock.close()
        return _Refusal(f"{has}, {gib(free_bytes)} free", ErrorCode.OUT_OF_MEMORY, may_pass=True)
    return lock


def _reason(refusals: Sequence[_Refusal], need: Need | None) -> FatalError:
    figures = "; ".join(refusal.line for refusal in refusals)
    if any(refusal.code is ErrorCode.OUT_OF_MEMORY for refusal in refusals):
        return FatalError(
            ErrorCode.OUT_OF_MEMORY,
            f"the model needs {need}: {figures}",
            "a smaller MODEL_SIZE, COMPUTE_TYPE=int8_float16, or whoever else holds the memory (nvidia-smi)",
        )
    return FatalError(ErrorCode.SETTINGS_WRONG, f"no GPU is free: {figures}", "one worker for each GPU")
