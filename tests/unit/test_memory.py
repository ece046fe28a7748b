"""Free memory, of the machine or of the container, whichever has less."""

from pathlib import Path

import pytest

from stenopool.memory import Memory, memory

MIB = 1024 * 1024


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine of 8 GiB with 2 GiB free."""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text(
        f"MemTotal:       {8 * MIB} kB\nMemFree:  1024 kB\nMemAvailable:   {2 * MIB} kB\nHugePages_Total:       0\n"
    )
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    return tmp_path


def container(root: Path, most: str, used: int, cache: int = 0) -> None:
    folder = root / "sys/fs/cgroup"
    (folder / "memory.max").write_text(f"{most}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 1\ninactive_file {cache}\n")


def test_without_a_container_the_machine_counts(root: Path) -> None:
    assert memory(root) == Memory(2048 * MIB, 8192 * MIB)


def test_a_container_without_a_limit_does_not_count(root: Path) -> None:
    container(root, "max", 7000 * MIB)
    assert memory(root) == Memory(2048 * MIB, 8192 * MIB)


def test_a_containers_limit_counts_and_its_file_cache_is_free(root: Path) -> None:
    container(root, str(512 * MIB), used=500 * MIB, cache=100 * MIB)
    assert memory(root) == Memory(112 * MIB, 512 * MIB)


def test_a_machine_that_has_less_than_the_container_may_take_counts(root: Path) -> None:
    container(root, str(6000 * MIB), used=100 * MIB)
    assert memory(root) == Memory(2048 * MIB, 8192 * MIB)


def test_where_nobody_tells_it_is_not_known(tmp_path: Path) -> None:
    assert memory(tmp_path) is None
