"""A private Redis on a free loopback port, with a password nobody chose."""

import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from stenopool.local.errors import StartError
from stenopool.local.ports import LOOPBACK, free_port
from stenopool.local.processes import Child, Command
from stenopool.local.redis_binary import fetch_embedded_redis, find_redis_server, redis_version

__all__ = ["RedisServer", "fetch_embedded_redis", "find_redis_server"]

_START_LIMIT_S: Final = 30.0
_STOP_LIMIT_S: Final = 10.0
_PORT_TRIES: Final = 5


class RedisServer:
    """One redis-server with append-only file and ``noeviction``. Stopped, it may be started again on the same data.

    Port and password are made once, so that a restarted server is found by clients of the first.
    """

    def __init__(
        self, binary: Path, directory: Path, log: Path | None = None, options: Mapping[str, str] | None = None
    ) -> None:
        """Keeps its data in ``directory``; ``options`` are further directives of redis.conf."""
        self.binary = binary
        self.directory = directory.absolute()
        self.log = log or self.directory / "redis.log"
        self.password = secrets.token_urlsafe(24)
        self.port = 0
        self._options = dict(options or {})
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """Address with the password: never log it."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    @property
    def child(self) -> Child:
        """The running process."""
        if self._child is None:
            raise RuntimeError("this Redis was not started")
        return self._child

    def start(self) -> None:
        """Starts it and waits until it answers.

        Raises:
            StartError: it ended or did not answer within 30 s; the message holds the end of its log.
        """
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._refuse_newer_data()
        tail = ""
        for _ in range(_PORT_TRIES):
            fresh = not self.port
            self.port = self.port or free_port()
            self._child = Child(self._command())
            if self._answers():
                return
            tail = self._child.log_tail()
            self.kill()
            if not (fresh and "in use" in tail):
                break
            # Somebody took the port between looking and listening.
            self.port = 0
        raise StartError(f"Redis did not start; the end of its log:\n{tail}")

    def stop(self) -> None:
        """Ends it in order: the append-only file is complete."""
        if self._child is not None:
            self._child.stop(_STOP_LIMIT_S)
            self._child = None

    def kill(self) -> None:
        """Ends it at once, as a crash would."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def shoot(self) -> None:
        """``kill`` for a signal handler: does not wait for the end."""
        if self._child is not None:
            self._child.shoot()

    def client(self) -> "redis.Redis":
        """A client for start-up and tests: bytes, short time-outs, nothing repeated."""
        return redis.Redis.from_url(
            self.url, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0), decode_responses=False
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _command(self) -> Command:
        directives = {
            "bind": LOOPBACK,
            "port": str(self.port),
            "requirepass": self.password,
            "dir": _quoted(str(self.directory)),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        } | self._options
        lines = "".join(f"{name} {value}\n" for name, value in directives.items())
        # The configuration goes through stdin: a password on the command line could be read by every user.
        return Command("redis", [str(self.binary), "-"], self.log, directory=self.directory, stdin=lines.encode())

    def _answers(self) -> bool:
        until = time.monotonic() + _START_LIMIT_S
        with self.client() as client:
            while time.monotonic() < until and self.child.exit_code is None:
                try:
                    if client.ping():
                        return True
                except redis.RedisError:
                    # Not listening yet, or still reading its file.
                    time.sleep(0.02)
        return False

    def _refuse_newer_data(self) -> None:
        # Redis 6 does not see the folder in which Redis 7 keeps its append-only files, and would start empty.
        if (self.directory / "appendonlydir").exists() and (redis_version(self.binary) or (0,)) < (7,):
            raise StartError(
                "this data directory was written by Redis 7 and cannot be read by Redis 6",
                "apt-get install redis-server",
            )


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
