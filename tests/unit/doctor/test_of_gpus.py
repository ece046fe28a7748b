"""What the doctor says of GPUs, their driver and their library."""

import ctypes
from collections.abc import Callable
from pathlib import Path

import pytest

from stenopool.doctor.finding import Level
from stenopool.doctor.of_gpus import CUBLAS, look_at_gpus
from stenopool.gpus.nvml import GpuReader
from stenopool.gpus.visible import Visibility
from stenopool.settings import load_settings
from tests.fake_nvml import GIB, FakeGpu, FakeNvml

LOADABLE = "libm.so.6"
"""Stands for a library that is there."""

NOWHERE = Visibility()


def opening(*gpus: FakeGpu, broken: str = "") -> Callable[[], GpuReader]:
    return lambda: GpuReader(FakeNvml(gpus, broken))


def looked(open_reader: Callable[[], GpuReader], seen: Visibility = NOWHERE, **given: str) -> dict[str, Level]:
    settings = load_settings({"DEVICE": "cuda", "COMPUTE_TYPE": "float16", "MODEL_SIZE": "large-v3", **given})
    return {finding.code: finding.level for finding in look_at_gpus(settings, seen, open_reader, LOADABLE)}


def test_a_gpu_that_is_large_enough_is_well() -> None:
    assert looked(opening(FakeGpu("GPU-aaaa"))) == dict.fromkeys(
        ("gpu_driver", "gpu_devices", "gpu_libraries"), Level.OK
    )


def test_nobody_is_asked_where_the_model_runs_on_the_cpu() -> None:
    assert looked(opening(broken="asked"), DEVICE="cpu") == {}
    assert looked(opening(broken="asked"), ENGINE="pocketsphinx") == {}


@pytest.mark.skipif(Path("/proc/driver/nvidia/version").exists(), reason="there is a driver here")
def test_a_machine_without_a_driver_fails_with_cuda_and_is_warned_of_with_auto() -> None:
    """The real library of NVIDIA on a machine that has no driver."""
    assert looked(GpuReader.open)["gpu_driver"] is Level.FAIL
    assert looked(GpuReader.open, DEVICE="auto")["gpu_driver"] is Level.WARN


def test_a_gpu_that_is_too_small_fails() -> None:
    assert looked(opening(FakeGpu("GPU-aaaa", total=4 * GIB)))["gpu_devices"] is Level.FAIL


def test_a_gpu_that_is_not_there_or_hidden_fails() -> None:
    host = opening(FakeGpu("GPU-aaaa"))
    assert looked(host, GPU="3")["gpu_devices"] is Level.FAIL
    assert looked(host, DEVICE="cuda:3")["gpu_devices"] is Level.FAIL
    assert looked(host, Visibility(cuda=""))["gpu_devices"] is Level.FAIL


def test_a_driver_that_falls_silent_fails() -> None:
    nvml = FakeNvml([FakeGpu("GPU-aaaa")])

    def open_reader() -> GpuReader:
        reader = GpuReader(nvml)
        nvml.broken = "GPU is lost"
        return reader

    assert looked(open_reader)["gpu_driver"] is Level.FAIL


def _has_cublas() -> bool:
    try:
        ctypes.CDLL(CUBLAS)
    except OSError:
        return False
    return True


@pytest.mark.skipif(_has_cublas(), reason="cuBLAS is here")
def test_a_machine_without_cublas_fails_with_what_to_install() -> None:
    settings = load_settings({"DEVICE": "cuda"})
    *_, found = look_at_gpus(settings, NOWHERE, opening(FakeGpu("GPU-aaaa")))
    assert (found.code, found.level) == ("gpu_libraries", Level.FAIL)
    assert "worker-gpu.lock" in found.remedy
