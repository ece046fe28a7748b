"""Real workers on a host with GPUs that a stand-in for the driver shows: each takes its own and tells of it."""

from pathlib import Path

import httpx

from stenopool.gpus.model import Gpu
from stenopool.instruments import names
from stenopool.ledger import operations as op
from stenopool.local.ports import free_port
from stenopool.metrics import OF_GPU
from tests.fake_nvml import GIB, FakeGpu, with_fake_gpus
from tests.integration.metrics.exposed import samples, value
from tests.integration.worker.ground import POOL, Ground
from tests.waiting import wait_until

HOST = with_fake_gpus(FakeGpu("GPU-aaaa"), FakeGpu("GPU-bbbb", "NVIDIA T4", 16 * GIB, used=2 * GIB))
ON_GPU = {**HOST, "DEVICE": "cuda"}


def held(grounds: Ground) -> dict[str, str]:
    """GPU -> device, by the heartbeats."""
    seen = grounds.ledger.do(op.census()).workers.values()
    return {Gpu.model_validate_json(worker.gpu).uuid: worker.device for worker in seen}


def test_workers_of_a_host_take_a_gpu_each_and_tell_of_it(grounds: Ground) -> None:
    port = free_port()
    first = grounds.launch("-Q", POOL, **ON_GPU, GPU="1", WORKER_METRICS_PORT=str(port))
    second = grounds.launch("-Q", POOL, **ON_GPU)
    for worker in (first, second):
        wait_until(lambda log=worker.log: "worker_admitted" in log(), 40, "a worker")  # type: ignore[misc]
    assert held(grounds) == {"GPU-aaaa": "cuda", "GPU-bbbb": "cuda"}
    [child] = first.children()
    # Its own and no other: what CUDA goes by.
    assert "CUDA_VISIBLE_DEVICES=GPU-bbbb" in Path(f"/proc/{child}/environ").read_text().split("\0")

    told = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
    assert set(names(OF_GPU)) <= set(samples(told))
    assert value(told, "transcription_gpu_memory_bytes", gpu="1") == 16 * GIB
    assert value(told, "transcription_gpu_memory_used_bytes", gpu="1") == 2 * GIB
    assert value(told, "transcription_gpu_utilisation_ratio", gpu="1") == 0.4
    assert value(told, "transcription_gpu_temperature_celsius", gpu="1") == 55
