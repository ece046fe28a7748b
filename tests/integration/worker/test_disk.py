"""A disk that is full, or a volume that is not mounted, in the middle of the work: nothing half-way, and it goes on."""

from pathlib import Path

import pytest

from stenopool.errors import ErrorCode, TransientError
from stenopool.ledger import keys
from stenopool.ledger import operations as op
from stenopool.ledger.model import RunState, timing_of
from stenopool.media.local_store import LocalStore
from tests.integration.worker.ground import Ground, ground
from tests.integration.worker.here import BrokenStore, duty_here
from tests.small_disk import small_disk
from worker.shift import Shift


class FullDisk:
    """Lets so many writes through, then none until there is room again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, store: LocalStore) -> None:
        self.left: int | None = None
        self.refused = 0
        for name in ("_write_unfinished", "_link"):
            self._guard(monkeypatch, store, name)

    def _guard(self, monkeypatch: pytest.MonkeyPatch, store: LocalStore, name: str) -> None:
        real = getattr(store, name)

        def guarded(*arguments: object) -> object:
            if self.left is not None and self.left <= 0:
                self.refused += 1
                raise TransientError(ErrorCode.DISK_FULL, "full", retry_after_s=60)
            if self.left is not None:
                self.left -= 1
            return real(*arguments)

        monkeypatch.setattr(store, name, guarded)


def put_off_is_over(grounds: Ground) -> None:
    """The delay of what was put off has passed."""
    for name in grounds.redis.zrange(keys.DELAYED, 0, -1):
        grounds.redis.zadd(keys.DELAYED, {str(name): 0})
    grounds.redis.delete(keys.TICK)
    grounds.ledger.do(op.sweep(timing_of(30, 2, 5)))


def test_work_goes_on_after_a_full_disk_wherever_it_was(grounds: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    duty, store = duty_here(grounds)
    disk = FullDisk(monkeypatch, store)
    for writes in range(20):
        job = grounds.submit()
        disk.left, disk.refused = writes, 0
        Shift(duty).run()
        if not disk.refused:
            grounds.completed(job)
            break
        view = grounds.view(job)
        assert not view.state.ended, f"failed by a full disk at write {writes}"
        assert grounds.manifest(job).ending is None
        assert unfinished(grounds) == []
        disk.left = None
        put_off_is_over(grounds)
        Shift(duty).run()
        grounds.completed(job)
        # What was put off has spent no attempt.
        assert grounds.view(job).attempt == 1
    assert writes >= 4, "audio, plan, span and transcript are written"
    assert duty.files.failed_units() == 0


@pytest.mark.needs("small-disk")
def test_work_goes_on_after_a_disk_that_is_really_full(redis_url: str, tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", size_mb=4) as disk, ground(redis_url, disk.path) as grounds:
        duty, _ = duty_here(grounds)
        job = grounds.submit(duration_s=3)
        # The audio takes 24 pages, which the decoder writes; plan, outline, span and transcript come after it.
        for pages in (0, 23, *range(24, 40)):
            disk.leave(pages)
            report = Shift(duty).run()
            if grounds.view(job).state.ended:
                break
            assert "released" in report
            assert grounds.manifest(job).ending is None
            disk.empty()
            assert unfinished(grounds) == []
            put_off_is_over(grounds)
        grounds.completed(job)
        assert pages > 24
        assert grounds.view(job).attempt == 1
        assert duty.files.failed_units() == 0


def unfinished(grounds: Ground) -> list[Path]:
    data_dir = grounds.settings.data_dir
    folders = (data_dir / "store" / ".unfinished", data_dir / "spool")
    return [path for folder in folders if folder.exists() for path in folder.iterdir()]


def test_a_store_that_is_not_mounted_fails_no_job(grounds: Ground) -> None:
    duty, store = duty_here(grounds)
    first, second = grounds.submit(), grounds.submit()
    Shift(duty).run()
    grounds.completed(first)
    grounds.completed(second)
    job = grounds.submit()
    data_dir = grounds.settings.data_dir
    (data_dir / "store").rename(data_dir / "volume")
    (data_dir / "store").mkdir()
    assert isinstance(store, BrokenStore)
    report = Shift(duty).run()
    assert "prepare released" in report
    assert grounds.view(job).state is RunState.PROCESSING
    assert list((data_dir / "store").iterdir()) == []
    (data_dir / "store").rmdir()
    (data_dir / "volume").rename(data_dir / "store")
    put_off_is_over(grounds)
    Shift(duty).run()
    grounds.completed(job)
