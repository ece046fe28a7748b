"""The whole platform on this machine: Redis, API, prepare, recognise, house, started and stopped in order."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from stenopool.local.api_client import ApiClient
from stenopool.local.commands import Choice, Place, process_commands
from stenopool.local.errors import StartError
from stenopool.local.processes import Child
from stenopool.local.redis_server import RedisServer
from stenopool.local.stopping import StopRequestedError, StopSignals

_READY_LIMIT_S: Final = 300.0
"""A large model takes minutes from a cold disk."""

_MARGIN_S: Final = 15.0
"""A process gets its grace and this: it must still write what it holds."""


class Stack:
    """The platform, running while entered. Stopped API first, then the workers, Redis last."""

    def __init__(self, place: Place, choice: Choice, redis: RedisServer | str, signals: StopSignals) -> None:
        """``redis`` is a private server not yet started, or the address of the operator's."""
        self.place = place
        self.choice = choice
        self._redis = redis
        self._signals = signals
        self._say: Callable[[str], None] = lambda _: None
        self.children: list[Child] = []
        """All processes but Redis, in the order of their start."""
        signals.at_once = self._shoot

    def client(self) -> ApiClient:
        """A client of the API."""
        return ApiClient(self.place.address)

    def start(self, say: Callable[[str], None]) -> None:
        """Starts all and waits until a job would be done; ``say`` gets a short line before what takes time.

        Raises:
            StartError: a process ended or was not ready in time; holds the end of its log.
        """
        self._say = say
        say("starting Redis, API, prepare, recognise, house")
        for command in process_commands(self.place, self.choice, self._redis_url()):
            # A child that is started but not yet listed would be forgotten by the stop.
            with self._signals.held():
                self.children.append(Child(command))
        until = time.monotonic() + _READY_LIMIT_S
        missing = ""
        with self.client() as client:
            while time.monotonic() < until:
                self.watch()
                missing = client.missing_for_work(self.choice)
                if not missing:
                    return
                time.sleep(0.1)
        raise StartError(f"not ready after {_READY_LIMIT_S:.0f} s ({missing})", f"read the logs in {self.place.logs}")

    def watch(self) -> None:
        """Looks whether all processes still run.

        Raises:
            StartError: one has ended; holds the end of its log.
        """
        for child in self.children:
            if child.exit_code is not None:
                raise StartError(
                    f"{child.name} ended (code {child.exit_code}); the end of its log:\n{child.log_tail()}"
                )

    def stop(self) -> None:
        """Stops all in order; a signal meanwhile ends them at once."""
        self._signals.stopping()
        # No new uploads first; then the workers, which put back what they hold; Redis when nobody needs it.
        _stop_all([child for child in self.children if child.name == "api"], self.place.stop_grace_s + _MARGIN_S)
        _stop_all(self.children, self.place.stop_grace_s + _MARGIN_S)
        if isinstance(self._redis, RedisServer):
            self._redis.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if isinstance(error, StopRequestedError):
                self._say("stopping; Ctrl-C once more ends everything at once")
        finally:
            # Also where nobody is left to be told: the terminal may be gone.
            self.stop()

    def _redis_url(self) -> str:
        if isinstance(self._redis, str):
            return self._redis
        with self._signals.held():
            self._redis.start()
        return self._redis.url

    def _shoot(self) -> None:
        for child in self.children:
            child.shoot()
        if isinstance(self._redis, RedisServer):
            self._redis.shoot()


def _stop_all(children: list[Child], limit_s: float) -> None:
    for child in children:
        child.ask_to_end()
    until = time.monotonic() + limit_s
    for child in children:
        if not child.wait(max(0.0, until - time.monotonic())):
            child.kill()
