"""Where a model runs: taken, told, refused with the figures, or the CPU."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from stenopool.errors import ErrorCode, FatalError
from stenopool.gpus.nvml import GpuReader
from stenopool.gpus.visible import Visibility
from stenopool.settings import load_settings
from tests.fake_nvml import GIB, FakeGpu, FakeNvml
from worker import gpu
from worker.gpu import Placement, place
from worker.gpu_lock import GpuLock, holder
from worker.run_files import run_dir

RECOGNISE = ("recognise.faster-whisper.base",)
TWO = (FakeGpu("GPU-aaaa"), FakeGpu("GPU-bbbb"))
ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "_PAUSE_S", 0.02)


@pytest.fixture
def placed(data_dir: Path) -> Iterator[list[Placement]]:
    """What a test placed, given back at its end."""
    made: list[Placement] = []
    yield made
    for placement in made:
        if placement.held is not None:
            placement.held.close()


class Host:
    """A host with these GPUs, on which workers look for a place."""

    def __init__(self, data_dir: Path, placed: list[Placement], *gpus: FakeGpu, broken: str = "") -> None:
        self.nvml = FakeNvml(gpus, broken)
        self._data_dir = data_dir
        self._placed = placed

    def place(self, *, limit_s: float = 0.0, seen: Visibility | None = None, **given: str) -> Placement:
        settings = load_settings(
            {"DATA_DIR": str(self._data_dir), "DEVICE": "cuda", "COMPUTE_TYPE": "float16", **given}
        )
        placement = place(settings, RECOGNISE, seen or Visibility(), lambda: GpuReader(self.nvml), limit_s)
        self._placed.append(placement)
        return placement

    def uuid(self, told: Mapping[str, str] | None = None) -> str:
        found = self.place(limit_s=0.0, seen=None, **(told or {})).gpu
        assert found is not None
        return found.uuid


def test_workers_of_a_host_take_different_gpus_and_the_one_too_many_is_refused(
    data_dir: Path, placed: list[Placement]
) -> None:
    host = Host(data_dir, placed, *TWO)
    assert [host.uuid(), host.uuid()] == ["GPU-aaaa", "GPU-bbbb"]
    with pytest.raises(FatalError, match=r"no GPU is free: GPU 0 is another worker's .*; GPU 1 is") as caught:
        host.place()
    assert "one worker for each GPU" in caught.value.hint


def test_a_gpu_that_is_given_back_is_anothers(data_dir: Path, placed: list[Placement]) -> None:
    host = Host(data_dir, placed, TWO[0])
    first = host.place()
    assert first.held is not None
    first.held.close()
    assert host.uuid() == "GPU-aaaa"


@pytest.mark.parametrize("told", [{"GPU": "1"}, {"GPU": "GPU-bbbb"}, {"DEVICE": "cuda:1"}])
def test_a_worker_takes_the_gpu_that_it_is_told(data_dir: Path, placed: list[Placement], told: dict[str, str]) -> None:
    assert Host(data_dir, placed, *TWO).uuid(told) == "GPU-bbbb"


def test_the_model_is_told_its_device_without_a_number(data_dir: Path, placed: list[Placement]) -> None:
    assert Host(data_dir, placed, *TWO).place(GPU="1").device == "cuda"


def test_a_gpu_that_is_not_there_is_refused_with_those_that_are(data_dir: Path, placed: list[Placement]) -> None:
    with pytest.raises(FatalError, match="there is no GPU 7 here") as caught:
        Host(data_dir, placed, *TWO).place(GPU="7")
    assert "GPU 1 (NVIDIA L4, GPU-bbbb)" in caught.value.hint


def test_two_settings_that_name_two_gpus_are_refused(data_dir: Path, placed: list[Placement]) -> None:
    with pytest.raises(FatalError, match="name two GPUs"):
        Host(data_dir, placed, *TWO).place(DEVICE="cuda:0", GPU="1")


def test_only_what_kubernetes_gave_counts(data_dir: Path, placed: list[Placement]) -> None:
    given = Visibility(nvidia="GPU-bbbb")
    host = Host(data_dir, placed, *TWO)
    found = host.place(seen=given).gpu
    assert found is not None
    assert found.uuid == "GPU-bbbb"
    with pytest.raises(FatalError, match="GPU 1 is another worker's"):
        host.place(seen=given)


def test_a_hidden_gpu_is_none(data_dir: Path, placed: list[Placement]) -> None:
    with pytest.raises(FatalError, match="no GPU is visible here"):
        Host(data_dir, placed, *TWO).place(seen=Visibility(cuda=""))


def test_too_little_memory_is_refused_at_once_and_with_the_figures(data_dir: Path, placed: list[Placement]) -> None:
    small = FakeGpu("GPU-aaaa", total=4 * GIB, used=GIB)
    with pytest.raises(FatalError) as caught:
        Host(data_dir, placed, small).place(MODEL_SIZE="large-v3", limit_s=60)
    assert caught.value.code is ErrorCode.OUT_OF_MEMORY
    assert caught.value.message == ("the model needs about 4.4 GiB for large-v3 float16: GPU 0 has 4.0 GiB, 3.0 free")


def test_memory_that_somebody_else_holds_is_refused_with_the_figures(data_dir: Path, placed: list[Placement]) -> None:
    busy = FakeGpu("GPU-aaaa", total=8 * GIB, used=5 * GIB)
    with pytest.raises(FatalError, match=r"GPU 0 has 8.0 GiB, 3.0 free"):
        Host(data_dir, placed, busy).place(MODEL_SIZE="large-v3")
    # Nothing is kept of what was not taken.
    assert GpuLock.take(run_dir(data_dir), "GPU-aaaa") is not None


def test_a_gpu_that_is_too_small_is_passed_over(data_dir: Path, placed: list[Placement]) -> None:
    host = Host(data_dir, placed, FakeGpu("GPU-aaaa", total=4 * GIB), FakeGpu("GPU-bbbb"))
    assert host.uuid({"MODEL_SIZE": "large-v3"}) == "GPU-bbbb"


def test_of_weights_that_nobody_knows_no_memory_is_demanded(data_dir: Path, placed: list[Placement]) -> None:
    assert Host(data_dir, placed, FakeGpu("GPU-aaaa", total=GIB)).uuid({"MODEL_SIZE": "demo"}) == "GPU-aaaa"


def test_a_gpu_that_is_about_to_be_given_up_is_waited_for(data_dir: Path, placed: list[Placement]) -> None:
    host = Host(data_dir, placed, TWO[0])
    first = host.place()
    assert first.held is not None
    last_worker = threading.Timer(0.1, first.held.close)
    last_worker.start()
    with capture_logs() as logs:
        second = host.place(limit_s=60)
    last_worker.join()
    assert second.gpu == first.gpu
    assert [line["event"] for line in logs] == ["gpu_awaited", "gpu_taken"]


def test_without_a_driver_cuda_is_refused_and_auto_is_the_cpu_with_a_warning(
    data_dir: Path, placed: list[Placement]
) -> None:
    host = Host(data_dir, placed, broken="Driver Not Loaded")
    with capture_logs() as logs, pytest.raises(FatalError, match="no NVIDIA driver"):
        host.place()
    assert [(line["event"], line["code"]) for line in logs] == [("gpu_refused", "settings_wrong")]
    with capture_logs() as logs:
        assert host.place(DEVICE="auto") == Placement("cpu")
    assert [(line["event"], line["log_level"]) for line in logs] == [("gpu_not_used", "warning")]


def test_auto_takes_a_gpu_where_there_is_one(data_dir: Path, placed: list[Placement]) -> None:
    assert Host(data_dir, placed, *TWO).uuid({"DEVICE": "auto"}) == "GPU-aaaa"


def test_whoever_needs_no_gpu_asks_no_driver(data_dir: Path) -> None:
    def open_reader() -> GpuReader:
        raise AssertionError("asked")

    on_cpu = load_settings({"DATA_DIR": str(data_dir)})
    wants = load_settings({"DATA_DIR": str(data_dir), "DEVICE": "cuda"})
    sphinx = load_settings({"DATA_DIR": str(data_dir), "DEVICE": "auto", "ENGINE": "pocketsphinx"})
    assert place(on_cpu, RECOGNISE, Visibility(), open_reader) == Placement("cpu")
    assert place(wants, ("prepare",), Visibility(), open_reader) == Placement("")
    assert place(sphinx, RECOGNISE, Visibility(), open_reader) == Placement("cpu")


HOLDER = """
import sys
from pathlib import Path
from worker.gpu_lock import GpuLock
how, folder, uuid = sys.argv[1:]
lock = (GpuLock.take if how == "take" else GpuLock.join)(Path(folder), uuid)
print("held" if lock else "refused", flush=True)
sys.stdin.read()
"""


class Holder:
    """A process that takes a GPU, or joins its parent's."""

    def __init__(self, how: str, run: Path) -> None:
        # The worker package alone: nothing heavy is imported.
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, how, str(run), "GPU-aaaa"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def holders() -> Iterator[list[Holder]]:
    made: list[Holder] = []
    yield made
    for one in made:
        one.kill()


def test_a_killed_workers_gpu_is_free_when_its_child_is_gone_too(tmp_path: Path, holders: list[Holder]) -> None:
    main = Holder("take", tmp_path)
    child = Holder("join", tmp_path)
    holders += [main, child]
    assert [main.said, child.said] == ["held", "held"]
    assert holder(tmp_path, "GPU-aaaa").endswith(f":{main.process.pid}")
    assert GpuLock.take(tmp_path, "GPU-aaaa") is None
    main.kill()
    # The child still has the model in the GPU's memory.
    assert GpuLock.take(tmp_path, "GPU-aaaa") is None
    child.kill()
    taken = GpuLock.take(tmp_path, "GPU-aaaa")
    assert taken is not None
    assert holder(tmp_path, "GPU-aaaa").endswith(f":{os.getpid()}")
    taken.close()


def test_a_holder_is_told_of_only_if_it_told(tmp_path: Path) -> None:
    assert holder(tmp_path, "GPU-none") == ""
    (tmp_path / "gpu-GPU-bad.lock").write_text("[]")
    assert holder(tmp_path, "GPU-bad") == ""
