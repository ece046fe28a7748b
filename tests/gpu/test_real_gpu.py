"""On a real GPU, by ``scripts/check_gpu.sh``: the driver is asked, a GPU is taken, a model runs on it without cuDNN."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from stenopool.errors import FatalError
from stenopool.settings import child_environment, load_settings, visible_gpus
from worker.gpu import Placement, place

pytestmark = [pytest.mark.needs("gpu"), pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
POOL = ("recognise.faster-whisper.demo",)


def take(data_dir: Path, number: str) -> Placement:
    settings = load_settings(
        {"DATA_DIR": str(data_dir), "DEVICE": "cuda", "GPU": number, "MODEL_SIZE": "demo", "COMPUTE_TYPE": "float16"}
    )
    return place(settings, POOL, visible_gpus(), limit_s=0)


def test_the_driver_tells_of_a_gpu_and_it_is_one_workers(data_dir: Path) -> None:
    placement = take(data_dir, "0")
    assert placement.held is not None
    state = placement.held.reader.state(placement.held.gpu)
    assert placement.held.gpu.uuid.startswith("GPU-")
    assert 0 < state.free_bytes <= placement.held.gpu.memory_bytes
    assert state.temperature_c is None or 0 < state.temperature_c < 120
    with pytest.raises(FatalError, match="another worker's"):
        take(data_dir, "0")
    placement.held.close()


def test_cublas_is_found_and_cudnn_is_not_needed() -> None:
    ctypes.CDLL("libcublas.so.12")
    with pytest.raises(OSError, match="libcudnn"):
        ctypes.CDLL("libcudnn.so.9")


@pytest.mark.parametrize("compute_type", ["float16", "int8_float16"])
def test_the_sample_is_transcribed_on_the_gpu_through_real_processes(compute_type: str) -> None:
    # The command itself refuses wrong words.
    done = subprocess.run(
        [sys.executable, "-m", "stenopool.cli", "demo"],
        cwd=ROOT,
        env=child_environment({"DEVICE": "cuda", "COMPUTE_TYPE": compute_type}),
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
