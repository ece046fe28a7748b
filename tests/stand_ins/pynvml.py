"""Stands in for NVIDIA's module in processes that ``tests.fake_nvml.with_fake_gpus`` gave their GPUs."""

from tests.fake_nvml import from_environment

_fake = from_environment()


def __getattr__(name: str) -> object:
    return getattr(_fake, name)
