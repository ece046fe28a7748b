"""A ledger that answers as a test scripted it, for orders of events that a real one cannot be brought to."""

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar, cast

from stenopool.ledger.call import Call
from stenopool.ledger.model import JobView, PoolView, RunState, Sought, Viewed
from stenopool.transcripts.model import EngineIdentity

T = TypeVar("T")

IDENTITY = EngineIdentity(engine="faster-whisper", model="demo", revision="r1", compute_type="int8")
NOTHING = Sought(run=None, ledger_lost=False)
SERVED = PoolView(identity=IDENTITY.canonical(), live_workers=1, waiting=0, open=0, waiting_s=0.0)


class FakeLedger:
    """Answers by operation: a value, an error to raise, or a function of the call's argument. The last one repeats."""

    def __init__(self, **answers: object) -> None:
        self._answers: dict[str, list[object]] = {"pool_view": [SERVED], "find": [NOTHING]}
        self.calls: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for script, answer in answers.items():
            self._answers[script] = answer if isinstance(answer, list) else [answer]

    async def do(self, call: Call[T]) -> T:
        """The scripted answer."""
        given = json.loads(call.argument)
        self.calls[call.script].append(given)
        answers = self._answers[call.script]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, BaseException):
            raise answer
        if callable(answer):
            answer = cast("Callable[[dict[str, Any]], object]", answer)(given)
        return cast("T", answer)


def job_view(**changes: Any) -> JobView:
    """A queued job's record, but for ``changes``."""
    values: dict[str, Any] = {
        "job_id": "0" * 32,
        "tenant": "default",
        "name": "talk.wav",
        "state": RunState.QUEUED,
        "transcription_id": "1" * 32,
        "digest": "2" * 64,
        "pool": "recognise.faster-whisper.demo",
        "identity": IDENTITY.canonical(),
        "created_ms": 1_790_000_000_000,
        "started_ms": None,
        "ended_ms": None,
        "audio_s": None,
        "done_s": 0.0,
        "stage": "prepare",
        "attempt": 0,
        "position": 1,
        "reason": None,
        "detail": None,
        "transcript_key": None,
        "cached": False,
        "rev": 1,
    }
    return JobView(**(values | changes))


def viewed(**changes: Any) -> Viewed:
    """The answer of ``view`` for such a job."""
    return Viewed(job_view(**changes), ledger_lost=False)
