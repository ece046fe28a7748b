"""`stenopool up`: the platform on this machine until it is stopped."""

import time
from pathlib import Path
from typing import Final

import redis

from stenopool.local.commands import Place
from stenopool.local.data_lock import DataLock
from stenopool.local.display import Display
from stenopool.local.engine_choice import choose, fetch
from stenopool.local.errors import StartError
from stenopool.local.ports import next_free_port
from stenopool.local.redis_server import RedisServer, find_redis_server
from stenopool.local.stack import Stack
from stenopool.local.stopping import StopSignals
from stenopool.settings import Settings, child_environment, load_settings

_WATCH_S: Final = 0.5


def run_up(root: Path, model: str, display: Display, signals: StopSignals) -> None:
    """Runs until a signal comes; data stay in DATA_DIR.

    Raises:
        StenopoolError: it cannot start, or a process ended by itself.
        StopRequestedError: the usual end.
    """
    settings = load_settings(child_environment({"ENGINE": ""}))
    with DataLock(settings.data_dir) as lock:
        if model:
            fetch(model)
        choice = choose(model)
        place = Place(
            data_dir=settings.data_dir,
            host=settings.api_host,
            port=next_free_port(settings.api_port, display.line, settings.api_host),
            stop_grace_s=settings.stop_grace_s,
        )
        with Stack(place, choice, _redis(root, settings, display), signals) as stack:
            stack.start(display.line)
            lock.tell(place.address)
            _print_addresses(place, f"{choice.engine}, model {choice.model}", display)
            while True:
                stack.watch()
                time.sleep(_WATCH_S)


def _redis(root: Path, settings: Settings, display: Display) -> RedisServer | str:
    given = child_environment({})
    if not any(given.get(name) for name in ("REDIS_URL", "REDIS_URL_FILE", "REDIS_HOST")):
        program = find_redis_server(root / ".cache", display.line)
        return RedisServer(program, settings.data_dir / "redis", settings.data_dir / "logs" / "redis.log")
    try:
        with redis.Redis.from_url(settings.redis_address, socket_timeout=3, socket_connect_timeout=3) as client:
            client.ping()
    except redis.RedisError as error:
        raise StartError("the Redis that REDIS_URL or REDIS_HOST names does not answer", type(error).__name__) from None
    return settings.redis_address


def _print_addresses(place: Place, engine: str, display: Display) -> None:
    display.line(f"Stenopool is up with {engine}")
    display.line(f"  page       {place.address}/")
    display.line(f"  API        {place.address}")
    display.line(f"  reference  {place.address}/docs")
    display.line(f"  health     {place.address}/health")
    display.line(f"  data       {place.data_dir}")
    display.line(f"  logs       {place.logs}")
    display.line(f"  try        curl -F file=@talk.mp3 {place.address}/transcribe")
    display.line("Ctrl-C stops it, twice at once.")
