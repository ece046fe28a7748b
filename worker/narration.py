"""Tells listeners what a span says while it is recognised, from a thread of its own.

Live text is worth no wait and no failure: recognition only leaves its segments here. What the ledger does not take (it is
away, or full) is told with the next; what is left over at the end is in the transcript.
"""

import threading
from types import TracebackType
from typing import Final, Self

from stenopool.errors import StenopoolError
from stenopool.ledger import event_operations as events
from stenopool.ledger.ledger import Ledger
from stenopool.logs import get_logger
from stenopool.transcripts.live import LiveSegment
from stenopool.transcripts.model import Segment

PAUSE_S: Final = 0.3
"""Between two calls of the ledger: it adds to what listeners wait, and bounds what telling costs."""

_LAST_WORDS_S: Final = 1.0
"""The span's end waits this long for its last words to be told."""

_MOST_AT_ONCE: Final = 200
"""Segments in one call: about 40 kB."""

_log = get_logger(__name__)


class Narration:
    """The narration of one span under one claim. ``add`` each segment inside of ``with``; leaving it ends the telling."""

    def __init__(self, ledger: Ledger, claim_id: str, pause_s: float = PAUSE_S) -> None:
        self._ledger = ledger
        self._claim_id = claim_id
        self._pause_s = pause_s
        self._segments: list[str] = []
        self._told = 0
        self._is_whole = False
        self._is_heard = True
        self._is_in_trouble = False
        self._something = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._narrate, name="narration", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Says that this was all, when it was; waits a second at most."""
        self._is_whole = kind is None
        self._ending.set()
        self._something.set()
        self._thread.join(_LAST_WORDS_S if self._is_whole else 0.0)

    def add(self, segment: Segment) -> None:
        """A segment was recognised. Returns at once."""
        live = LiveSegment.of(segment)
        if live is not None:
            # Only this thread adds and only the other one reads: a list needs no lock for that.
            self._segments.append(live.to_json())
            self._something.set()

    def _narrate(self) -> None:
        while self._is_heard:
            self._something.wait()
            self._something.clear()
            is_last = self._ending.is_set()
            if is_last and not self._is_whole:
                return
            is_told = self._tell(is_last=is_last)
            if is_last and (is_told or self._is_in_trouble):
                return
            if not is_told:
                self._something.set()
            self._ending.wait(self._pause_s)

    def _tell(self, *, is_last: bool) -> bool:
        """Tells what is left, and whether nothing is left then."""
        batch = self._segments[self._told : self._told + _MOST_AT_ONCE]
        is_whole = is_last and self._told + len(batch) == len(self._segments)
        try:
            told = self._ledger.do(events.tell(self._claim_id, self._told, batch, is_whole=is_whole))
        except StenopoolError as error:
            if not self._is_in_trouble:
                _log.warning("live_text_not_told", code=str(error.code))
            self._is_in_trouble = True
            return False
        self._is_in_trouble = False
        self._is_heard = told.is_heard
        self._told += len(batch)
        return is_whole or self._told == len(self._segments)
