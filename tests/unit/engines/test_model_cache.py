from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from stenopool.errors import FatalError
from stenopool.settings import Settings, load_settings
from worker.engines.base import Engine
from worker.engines.registry import create_engine
from worker.model_cache import forget_engine, load_engine, loaded_engine

FAKE = load_settings({"ENGINE": "fake", "ALLOW_FAKE_ENGINE": "true"})
MISSING = load_settings({"MODEL_SIZE": "/nowhere/at-all"})


@pytest.fixture(autouse=True)
def nothing_loaded() -> Iterator[None]:
    forget_engine()
    yield
    forget_engine()


def test_importing_loads_nothing() -> None:
    assert loaded_engine() is None


def test_the_second_call_gets_the_first_ones_engine() -> None:
    assert load_engine(FAKE, 1) is load_engine(FAKE, 1) is loaded_engine()


def test_threads_that_ask_at_once_get_one_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def counting(settings: Settings, threads: int) -> Engine:
        made.append(threads)
        return create_engine(settings, threads)

    monkeypatch.setattr("worker.model_cache.create_engine", counting)
    with ThreadPoolExecutor(8) as pool:
        engines = list(pool.map(lambda _: load_engine(FAKE, 1), range(16)))
    assert len({id(engine) for engine in engines}) == len(made) == 1


def test_a_failed_load_is_tried_again() -> None:
    with pytest.raises(FatalError):
        load_engine(MISSING, 1)
    assert loaded_engine() is None
    assert load_engine(FAKE, 1).identity.engine == "fake"
