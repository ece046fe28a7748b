"""Signals of the local runner: the first asks for an orderly stop, the second ends everything at once."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_AGAIN_S: Final = 0.05


class StopRequestedError(BaseException):
    """Raised in the main thread by the first signal, out of whatever it is doing. No ``Exception``: nobody may catch it by habit."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number
        """What a shell reports for a program that this signal ended."""


class StopSignals:
    """While entered, SIGINT, SIGTERM and SIGHUP raise ``StopRequestedError`` once, then call ``at_once``.

    ``at_once`` runs inside a signal handler, at any moment after the first signal: it may only send signals itself.
    """

    def __init__(self) -> None:
        self.at_once: Callable[[], None] = lambda: None
        self._received: int | None = None
        self._holding = False
        self._before: dict[signal.Signals, Callable[[int, FrameType | None], object] | int | None] = {}
        self._tell_lost = sys.unraisablehook

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            # Under nohup the end of the terminal is no reason to stop.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._handle)
        self._tell_lost, sys.unraisablehook = sys.unraisablehook, self._hear_lost
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        sys.unraisablehook = self._tell_lost

    @contextmanager
    def held(self) -> Iterator[None]:
        """Puts the first signal off to the end of the block: for steps that must be whole, like starting a child."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False
        if self._received is not None:
            raise StopRequestedError(self._received)

    def stopping(self) -> None:
        """From here on everything is being stopped anyway: the next signal calls ``at_once``."""
        self._received = self._received or signal.SIGTERM

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._received is not None:
            self.at_once()
            return
        self._received = number
        if not self._holding:
            raise StopRequestedError(number)

    def _hear_lost(self, lost: "UnraisableHookArgs") -> None:
        """What was raised while Python took an object away is lost: a signal of that moment is sent once more."""
        if not isinstance(lost.exc_value, StopRequestedError):
            self._tell_lost(lost)
            return
        number, self._received = self._received, None
        # Later: this, too, is called where nothing can be raised.
        threading.Timer(_AGAIN_S, os.kill, (os.getpid(), number)).start()
