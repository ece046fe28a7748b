"""The postman's thread gets up when it falls, and a housekeeper whose postman is silent gives no sign of life."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from beat import app, house
from beat.tasks.pulse import pulse
from beat.webhooks import thread
from beat.webhooks.thread import PostmanThread
from stenopool.settings import load_settings
from tests.waiting import wait_until


class Falling:
    """Stands in for the postman, and falls at its first look."""

    looks = 0

    def __init__(self, *_: object) -> None:
        pass

    async def deliver_for_ever(self, note_look: Callable[[], None]) -> None:
        note_look()
        type(self).looks += 1
        if type(self).looks == 1:
            raise RuntimeError("a fault of its own")
        await asyncio.Event().wait()


def test_a_postman_that_falls_is_set_up_again(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread, "Postman", Falling)
    monkeypatch.setattr(thread, "_AGAIN_S", 0.01)
    postman = PostmanThread(load_settings({"DATA_DIR": str(data_dir)}))
    postman.start()
    try:
        wait_until(lambda: Falling.looks >= 2, 10, "the second look")
        assert postman.is_well
    finally:
        postman.stop()


def test_a_postman_that_has_not_looked_for_long_is_not_well(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    postman = PostmanThread(load_settings({"DATA_DIR": str(data_dir)}))
    assert postman.is_well
    monkeypatch.setattr(thread, "SILENT_S", 0.0)
    assert not postman.is_well


def test_a_housekeeper_whose_postman_is_silent_gives_no_sign_of_life(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def register() -> None:
        raise AssertionError("registered")

    silent = PostmanThread(load_settings({"DATA_DIR": str(data_dir)}))
    monkeypatch.setattr(PostmanThread, "is_well", False)
    monkeypatch.setattr(app, "_postman", [silent])
    monkeypatch.setattr(house, "house", register)
    assert pulse() == "not registered: the postman is silent"
