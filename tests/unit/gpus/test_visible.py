"""Which GPUs count, by what the environment says."""

import pytest

from stenopool.gpus.model import Gpu
from stenopool.gpus.visible import Visibility, visible

GPUS = [
    Gpu(index=index, uuid=f"GPU-{letter * 4}", name="NVIDIA L4", memory_bytes=1) for index, letter in enumerate("abc")
]


def indices(seen: Visibility) -> list[int | None]:
    return [gpu.index for gpu in visible(GPUS, seen)]


@pytest.mark.parametrize(
    ("cuda", "expected"),
    [
        (None, [0, 1, 2]),
        ("2,0", [2, 0]),
        ("GPU-bbbb", [1]),
        # CUDA takes the beginning of a UUID.
        ("GPU-b,0", [1, 0]),
        # It stops at the first that does not exist.
        ("1,7,0", [1]),
        ("-1", []),
        ("", []),
        ("1,1", [1]),
    ],
)
def test_cuda_visible_devices_counts_as_cuda_reads_it(cuda: str | None, expected: list[int]) -> None:
    assert indices(Visibility(cuda=cuda)) == expected


@pytest.mark.parametrize(
    ("nvidia", "expected"),
    [
        ("all", [0, 1, 2]),
        # The host's numbers mean others here: the container sees what it was given, counted from nought.
        ("5", [0, 1, 2]),
        # Said by device plugins that give GPUs in another way (CDI).
        ("void", [0, 1, 2]),
        ("GPU-cccc,GPU-aaaa", [0, 2]),
        ("none", []),
    ],
)
def test_nvidia_visible_devices_counts_where_it_names_uuids(nvidia: str, expected: list[int]) -> None:
    assert indices(Visibility(nvidia=nvidia)) == expected


def test_both_count_together() -> None:
    assert indices(Visibility(cuda="0", nvidia="GPU-bbbb,GPU-aaaa")) == [0]
    assert indices(Visibility(cuda="GPU-cccc", nvidia="GPU-bbbb")) == []


def test_named_parts_of_gpus_are_told_once() -> None:
    assert Visibility(cuda="MIG-1,MIG-2", nvidia="MIG-2").parts() == ("MIG-1", "MIG-2")
