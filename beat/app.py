"""The Celery app of housekeeper and clock: ``celery -A beat.app worker -B -Q house -P threads``.

``-B`` embeds the clock; ``celery -A beat.app beat`` runs it alone. There must be one clock; two would only send every
message twice, since all tasks are idempotent. Importing this module reads no environment and opens no connection.
"""

from pathlib import Path
from typing import Any, Final

from celery import platforms, signals, states

from beat.exposition import HouseExposition, note_round
from beat.timetable import REBUILD_TASK, beat_schedule
from beat.webhooks.thread import PostmanThread
from stenopool.errors import FatalError
from stenopool.heartbeat import Heartbeat
from stenopool.logs import configure_logs
from stenopool.queueing.celery_app import celery_settings, house_queues, make_app, silence_root_warning
from stenopool.queueing.names import HOUSE
from stenopool.queueing.reconnecting import while_away
from stenopool.queueing.startup import make_sure
from stenopool.settings import Settings, process_settings

PULSE_EXPIRES_S: Final = 10
"""The first pulse of a housekeeper that is away again is nobody's."""

_THREADS: Final = 2
"""A long round of housekeeping must not hold up the pulse."""

_REBUILD_EXPIRES_S: Final = 60
"""Whoever begins later asks anew."""

_postman: Final[list[PostmanThread]] = []
"""One, once the housekeeper is ready; the clock alone has none."""

_heartbeat: Final[list[Heartbeat]] = []
"""The housekeeper's, once its loop has made a round."""

_exposition: Final[list[HouseExposition]] = []
"""One in the housekeeper, none in the clock alone."""

app = make_app(
    "stenopool.beat",
    "beat.app:configuration",
    ["beat.tasks.ledger", "beat.tasks.pulse", "beat.tasks.retention", "beat.tasks.spool", "beat.tasks.usage"],
)


def __getattr__(name: str) -> object:
    if name != "configuration":
        raise AttributeError(name)
    try:
        settings = process_settings()
    except FatalError as error:
        raise SystemExit(f"beat: {error.message}") from None
    return house_settings(settings)


def house_settings(settings: Settings) -> dict[str, object]:
    """Celery's settings for housekeeper and clock."""
    return {
        **celery_settings(settings, house_queues()),
        # No model and no C code that hangs: threads are enough, and lighter than children.
        "worker_pool": "threads",
        "worker_concurrency": _THREADS,
        "beat_schedule": beat_schedule(),
        "beat_scheduler": "beat.clock:Clock",
        # Not in the working directory, which need not be writable.
        "beat_schedule_filename": str(schedule_file(settings)),
        # Intervals are counted in UTC; daylight saving must not skip or repeat a round.
        "timezone": "UTC",
    }


def postman_is_well() -> bool:
    """Whether webhooks leave from this process, as far as they are its business."""
    return all(postman.is_well for postman in _postman)


def schedule_file(settings: Settings) -> Path:
    """Where the clock remembers when it last sent what."""
    return settings.data_dir / "run" / "beat-schedule"


def _on_celeryd_init(**_: Any) -> None:
    silence_root_warning()


def _on_beat_init(**_: Any) -> None:
    # The clock may be a process of its own. Makes the folders, too.
    make_sure(process_settings(), "beat")


def _on_ready(sender: Any, **_: Any) -> None:
    _postman.append(PostmanThread(process_settings()))
    _postman[-1].start()
    # The clock's first comes after a whole interval; until then health would miss a housekeeper that is there.
    sender.app.send_task("house.pulse", queue=HOUSE, expires=PULSE_EXPIRES_S)
    # By the housekeeper and not here: a long rebuild must not hold up what else it listens to.
    sender.app.send_task(REBUILD_TASK, queue=HOUSE, expires=_REBUILD_EXPIRES_S, ignore_result=True)


def _on_worker_init(**_: Any) -> None:
    settings = process_settings()
    # Celery sets logs up later.
    configure_logs(settings, "beat")
    make_sure(settings, "beat")
    # From the first try on: the broker may be lost between the first sign of life and readiness.
    while_away(_beat)
    exposition = HouseExposition.start(settings)
    if exposition is not None:
        _exposition.append(exposition)


def _on_postrun(sender: Any, state: str | None = None, **_: Any) -> None:
    note_round(sender.name, is_done=state == states.SUCCESS)


def _on_heartbeat_sent(**_: Any) -> None:
    # From the loop that listens for tasks, every two seconds while the broker is there; else `while_away` tells.
    _beat()


def _beat() -> None:
    if not _heartbeat:
        _heartbeat.append(Heartbeat(process_settings().data_dir / "run", "house"))
    _heartbeat[0].beat()


def _on_shutdown(**_: Any) -> None:
    for heartbeat in _heartbeat:
        heartbeat.stop()
    for postman in _postman:
        postman.stop()
    for exposition in _exposition:
        exposition.close()


def _on_setup_logging(**_: Any) -> None:
    configure_logs(process_settings(), "beat")


def _on_embedded_clock(**_: Any) -> None:
    # It is forked off the housekeeper, and would tick on alone if that were killed.
    platforms.set_pdeathsig("SIGKILL")


for _signal, _receiver in (
    (signals.celeryd_init, _on_celeryd_init),
    (signals.worker_init, _on_worker_init),
    (signals.worker_ready, _on_ready),
    (signals.task_postrun, _on_postrun),
    (signals.heartbeat_sent, _on_heartbeat_sent),
    (signals.worker_shutdown, _on_shutdown),
    (signals.beat_init, _on_beat_init),
    (signals.setup_logging, _on_setup_logging),
    (signals.beat_embedded_init, _on_embedded_clock),
):
    # Not as decorators: those would leave the functions without types. Not weak: nothing else holds them.
    _signal.connect(_receiver, weak=False)
