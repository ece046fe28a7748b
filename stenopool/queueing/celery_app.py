"""Celery set up as a doorbell: one set of settings for every process that rings, listens or keeps time.

Most values differ from Celery's defaults because of something that was seen to fail (docs/decisions/0001, 0003, 0004
and 0006). The ledger counts attempts, renews leases and orders work; whatever Celery would do about these is off.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Final

from celery import Celery
from celery.exceptions import SecurityWarning
from kombu.entity import Exchange, Queue

from stenopool.queueing.names import BELL_PREFIX, HOUSE, PREPARE, recognise_pool
from stenopool.settings import Settings

LISTEN_TIMEOUT_S: Final = 5
"""Socket time-out of a process that waits for bells. More than the second that one blocking pop takes."""

RING_TIMEOUT_S: Final = 0.8
"""Socket time-out of a process that rings: connecting and writing together stay below two seconds."""

_VISIBILITY_S: Final = 4 * 3600
"""After this long Celery delivers an unacknowledged bell again. The shortest of all clients counts, so it is one
constant; it must only outlast a shift, because lost bells are replaced by the ledger and not by Redis."""


def worker_queues(settings: Settings) -> tuple[str, ...]:
    """Queues that a worker with these settings may listen to; ``-Q`` chooses among them, none means all."""
    return PREPARE, recognise_pool(settings.engine, settings.model_size)


def house_queues() -> tuple[str, ...]:
    """Queues of the housekeeper."""
    return (HOUSE,)


def bell_queue(name: str) -> Queue:
    """A queue on the anonymous exchange: a message goes straight to its list.

    A named exchange would need a binding key in Redis, and messages vanish without a word when that key is lost.
    """
    return Queue(name, exchange=Exchange(""), routing_key=name)  # type: ignore[no-untyped-call]  # kombu has no types.


def make_app(name: str, configuration: str, include: Sequence[str]) -> Celery:
    """A Celery app that reads nothing until it is used.

    ``configuration`` names what gives its settings, ``"module:attribute"``: a string, so that it is looked up when the
    first setting is asked for, and so that the app can be pickled into a spawned child. ``include`` names the modules
    that hold its tasks.
    """
    # Named, not imported: a spawned child makes its app anew from these words.
    amqp = "stenopool.queueing.reconnecting:ReconnectingAmqp"
    return Celery(name, config_source=configuration, include=list(include), amqp=amqp)


def celery_settings(settings: Settings, queues: Sequence[str]) -> dict[str, object]:
    """All that Celery is told. ``queues`` are the only ones it will know; the first is its default."""
    return {
        **_broker(settings),
        **_messages(),
        **_acknowledgement(),
        **_pool(settings),
        "task_queues": tuple(bell_queue(name) for name in queues),
        "task_default_queue": queues[0],
        # A typo in -Q would otherwise make a new queue that nobody rings.
        "task_create_missing_queues": False,
    }


def ringing_settings(settings: Settings) -> dict[str, object]:
    """As ``celery_settings``, for a process that only rings: it gives up within two seconds."""
    # Kombu itself would try to connect until its own time-out of four seconds has passed, time-outs not counted.
    hasty = {**transport_options(RING_TIMEOUT_S), "max_retries": 0}
    return {**celery_settings(settings, (PREPARE,)), "broker_transport_options": hasty}


def transport_options(socket_timeout_s: float = LISTEN_TIMEOUT_S) -> Mapping[str, object]:
    """Options of kombu's Redis transport: the same everywhere but for the patience of the socket."""
    return {
        "global_keyprefix": BELL_PREFIX,
        "visibility_timeout": _VISIBILITY_S,
        # By default an abandoned message is looked for every 100 s; these make it 10 s.
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        # Without a time-out a half-open connection hangs for ever, and with it the worker or the API call.
        "socket_timeout": socket_timeout_s,
        "socket_connect_timeout": socket_timeout_s,
        "socket_keepalive": True,
        "health_check_interval": 10,
        # Queues are asked in the order of -Q.
        "queue_order_strategy": "priority",
    }


def _broker(settings: Settings) -> dict[str, object]:
    return {
        "broker_url": settings.redis_address,
        "broker_transport_options": dict(transport_options()),
        # A worker outlives any outage of Redis: by default it gives up after 100 tries.
        "broker_connection_retry": True,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # The ledger's lease decides whether running work goes on, not the broker's connection. Said outright because
        # Celery 6 will change the default.
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        # Publishing is tried once more and then given up: a bell that fails is replaced by the next sweep.
        "task_publish_retry_policy": {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.2},
    }


def _messages() -> dict[str, object]:
    return {
        # JSON only: a pickled message would run code of whoever can write to Redis.
        "accept_content": ["json"],
        "task_serializer": "json",
        "event_serializer": "json",
        # No result backend: with one, publishing hung as long as Redis was frozen, whatever the time-outs (0004).
        "result_backend": None,
        "task_ignore_result": True,
        "task_store_errors_even_if_ignored": False,
        # Flower shows nothing otherwise; a few messages for each shift.
        "worker_send_task_events": True,
        # From another process: it comes after the end of a fast bell, and takes from an empty one the name it was given.
        "task_send_sent_event": False,
        "enable_utc": True,
    }


def _acknowledgement() -> dict[str, object]:
    return {
        # A bell is acknowledged when its shift has ended, so that a shift that died is rung again at once.
        "task_acks_late": True,
        "task_acks_on_failure": True,
        "task_acks_on_timeout": True,
        # True would deliver a message that kills its worker for ever; the ledger counts attempts to three.
        "task_reject_on_worker_lost": None,
        "task_retry_on_worker_lost": False,
        # One bell at a time, and none while the children are busy: prefetched bells would be silent for the others.
        "worker_prefetch_multiplier": 1,
        "worker_disable_prefetch": True,
        # No delayed messages exist here; should somebody forge some, they do not fill the worker.
        "worker_eta_task_limit": 100,
        # The message does not know how long its units are; the watchdog does (ledger.md, rule 10).
        "task_time_limit": None,
        "task_soft_time_limit": None,
    }


def _pool(settings: Settings) -> dict[str, object]:
    return {
        # CUDA and CTranslate2 do not survive a fork; one child holds one model (0003).
        "worker_pool": "prefork",
        "worker_concurrency": 1,
        "worker_pool_start_method": "spawn",
        # With the default of 4 s a child that loads a large model is killed for ever after its first crash.
        "worker_proc_alive_timeout": 600,
        # Each recycled child throws a warm model away (0006).
        "worker_max_tasks_per_child": settings.worker_max_tasks,
        # It sleeps its whole time, signals too late and spends an attempt; the drain file stops a shift better.
        "worker_soft_shutdown_timeout": 0.0,
        "worker_enable_soft_shutdown_on_idle": False,
        # Flower needs it.
        "worker_enable_remote_control": True,
        # Logs are structlog's (stenopool/logs.py).
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
    }


def silence_root_warning() -> None:
    """Celery warns each time it runs as root; in a container that is how it runs, and the answer is its user setting."""
    warnings.filterwarnings("ignore", message="You're running the worker with superuser", category=SecurityWarning)
