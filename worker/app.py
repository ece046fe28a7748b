"""The Celery app of prepare and recognise workers: ``celery -A worker.app worker -Q prepare``.

Importing it reads no environment and opens no connection; ``configuration`` is looked up by Celery when it first needs
a setting. The receivers below are all that ties Celery's life to ours.
"""

from typing import Any

from celery import signals

from stenopool.errors import FatalError
from stenopool.logs import configure_logs
from stenopool.queueing.celery_app import celery_settings, make_app, silence_root_warning, worker_queues
from stenopool.settings import process_settings
from worker import child_process, main_process

app = make_app("stenopool.worker", "worker.app:configuration", ["worker.tasks.shift"])

_main: list[main_process.MainProcess] = []


def __getattr__(name: str) -> object:
    if name != "configuration":
        raise AttributeError(name)
    try:
        settings = process_settings()
    except FatalError as error:
        raise SystemExit(f"worker: {error.message}") from None
    return celery_settings(settings, worker_queues(settings))


def _on_celeryd_init(conf: Any, options: Any, **_: Any) -> None:
    silence_root_warning()
    main_process.check_queues(options.get("queues") or (), [queue.name for queue in conf.task_queues])


def _on_setup_logging(**_: Any) -> None:
    configure_logs(process_settings(), "worker")


def _on_worker_init(sender: Any, **_: Any) -> None:
    _main.append(main_process.begin(sender))


def _on_worker_ready(sender: Any, **_: Any) -> None:
    for main in _main:
        main.ready(sender)


def _on_worker_shutting_down(**_: Any) -> None:
    for main in _main:
        main.stop()


def _on_worker_shutdown(**_: Any) -> None:
    for main in _main:
        main.close()


def _on_worker_process_init(**_: Any) -> None:
    child_process.begin()


def _on_worker_process_shutdown(**_: Any) -> None:
    child_process.end()


# Not as decorators: those would leave the functions without types. Not weak: nothing else holds them.
for _signal, _receiver in (
    (signals.celeryd_init, _on_celeryd_init),
    (signals.setup_logging, _on_setup_logging),
    (signals.worker_init, _on_worker_init),
    (signals.worker_ready, _on_worker_ready),
    (signals.worker_shutting_down, _on_worker_shutting_down),
    (signals.worker_shutdown, _on_worker_shutdown),
    (signals.worker_process_init, _on_worker_process_init),
    (signals.worker_process_shutdown, _on_worker_process_shutdown),
):
    _signal.connect(_receiver, weak=False)
