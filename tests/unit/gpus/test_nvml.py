"""What the driver tells, and that the tests' own driver has the shape of the real library."""

import importlib
import inspect
from pathlib import Path
from types import ModuleType

import pytest

from stenopool.errors import ErrorCode, FatalError
from stenopool.gpus.model import Gpu, GpuState
from stenopool.gpus.nvml import GpuReader, Nvml
from stenopool.gpus.visible import Visibility
from tests.fake_nvml import GIB, FakeGpu, FakeNvml

ALL = Visibility()


@pytest.fixture(scope="module")
def real() -> ModuleType:
    return importlib.import_module("pynvml")


def functions() -> list[str]:
    return sorted(name for name in vars(Nvml) if name.startswith("nvml"))


@pytest.mark.parametrize("name", functions())
def test_the_protocol_and_the_fake_take_what_the_real_library_takes(real: ModuleType, name: str) -> None:
    # The library wraps some functions for their strings; the wrapped one has the signature.
    wanted = list(inspect.signature(inspect.unwrap(getattr(real, name))).parameters.values())
    for own in (getattr(Nvml, name), getattr(FakeNvml, name)):
        ours = [parameter.name for parameter in inspect.signature(own).parameters.values()][1:]
        needed = [parameter.name for parameter in wanted if parameter.default is inspect.Parameter.empty]
        assert ours == [parameter.name for parameter in wanted][: len(ours)]
        assert len(ours) >= len(needed)


def test_the_fields_that_are_read_are_the_real_librarys(real: ModuleType) -> None:
    assert {"total", "free", "used"} == {name for name, _ in real.c_nvmlMemory_t._fields_}
    assert {"gpu", "memory"} == {name for name, _ in real.c_nvmlUtilization_t._fields_}
    assert real.NVML_TEMPERATURE_GPU == 0
    assert issubclass(real.NVMLError, Exception)


def test_gpus_are_told_with_index_uuid_name_and_memory() -> None:
    reader = GpuReader(FakeNvml([FakeGpu("GPU-aaaa"), FakeGpu("GPU-bbbb", "NVIDIA T4", 16 * GIB)]))
    assert reader.usable(ALL) == (
        Gpu(index=0, uuid="GPU-aaaa", name="NVIDIA L4", memory_bytes=24 * GIB),
        Gpu(index=1, uuid="GPU-bbbb", name="NVIDIA T4", memory_bytes=16 * GIB),
    )
    assert reader.driver_version() == "570.1"


def test_a_gpu_tells_its_memory_load_and_temperature() -> None:
    reader = GpuReader(FakeNvml([FakeGpu("GPU-aaaa", used=6 * GIB, percent=87, celsius=61)]))
    assert reader.state(reader.usable(ALL)[0]) == GpuState(6 * GIB, 18 * GIB, 0.87, 61.0)


def test_a_part_of_a_gpu_is_found_by_its_name_and_tells_no_load() -> None:
    part = FakeGpu("MIG-cccc", "NVIDIA A100 MIG 1g.10gb", 10 * GIB, percent=None, is_part=True)
    reader = GpuReader(FakeNvml([FakeGpu("GPU-aaaa"), part]))
    (found,) = reader.usable(Visibility(nvidia="MIG-cccc"))
    assert (found.index, found.label, found.memory_bytes) == (None, "GPU MIG-cccc", 10 * GIB)
    assert reader.state(found).utilisation is None


def test_without_a_driver_it_is_said_what_to_do() -> None:
    with pytest.raises(FatalError, match="no NVIDIA driver answers here \\(Driver Not Loaded\\)") as caught:
        GpuReader(FakeNvml([], broken="Driver Not Loaded"))
    assert caught.value.code is ErrorCode.SETTINGS_WRONG
    assert "DEVICE=cpu" in caught.value.hint


def test_a_driver_that_falls_silent_later_is_a_fatal_error() -> None:
    nvml = FakeNvml([FakeGpu("GPU-aaaa")])
    reader = GpuReader(nvml)
    (gpu,) = reader.usable(ALL)
    nvml.broken = "GPU is lost"
    with pytest.raises(FatalError, match="GPU is lost"):
        reader.state(gpu)


def test_the_real_library_finds_either_gpus_or_no_driver() -> None:
    """On a machine without a driver this is the real error; on one with a GPU the real answer."""
    if not Path("/proc/driver/nvidia/version").exists():
        with pytest.raises(FatalError, match="no NVIDIA driver answers"):
            GpuReader.open()
        return
    reader = GpuReader.open()
    assert reader.driver_version()
    reader.close()
