"""The one engine of this process: loaded and warmed up once, at first need.

Lives in the pool child. The Celery parent imports the module and never calls it.
"""

import threading

from stenopool.settings import Settings
from worker.engines.base import Engine
from worker.engines.registry import create_engine

_lock = threading.Lock()
_engines: list[Engine] = []


def load_engine(settings: Settings, threads: int) -> Engine:
    """The process's engine, ready to recognise; the first call loads and warms it up, others wait for that.

    Later arguments are ignored: a process serves one pool and holds one model. A load that failed is tried again by
    the next call.

    Raises:
        FatalError: ``weights_missing`` or ``settings_wrong``.
    """
    with _lock:
        if not _engines:
            engine = create_engine(settings, threads)
            engine.warm_up()
            _engines.append(engine)
        return _engines[0]


def loaded_engine() -> Engine | None:
    """The process's engine if it is loaded; None does not mean that none will be."""
    return _engines[0] if _engines else None


def forget_engine() -> None:
    """Drops the engine, so that the next call loads anew: for tests that change settings in one process."""
    with _lock:
        _engines.clear()
