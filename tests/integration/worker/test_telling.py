"""A real worker tells what it recognises while it does, and says so when another attempt begins again."""

import os
import signal
from itertools import takewhile

from stenopool.ledger import event_operations as events
from stenopool.ledger.events import TextEntry, TextKind, Wishes
from stenopool.transcripts.live import LiveSegment
from stenopool.transcripts.model import Transcript
from tests.integration.worker.ground import BOTH, Ground, Job
from tests.waiting import wait_until


def _told(ground: Ground, job: Job) -> tuple[TextEntry, ...]:
    return ground.ledger.do(events.news(Wishes(runs=[(job.transcription_id, 0)]))).runs[0].entries


def _texts(entries: tuple[TextEntry, ...]) -> list[LiveSegment]:
    return [LiveSegment.model_validate_json(entry.body) for entry in entries if entry.kind is TextKind.SEGMENT]


def _spoken(transcript: Transcript) -> list[LiveSegment | None]:
    return [LiveSegment.of(segment) for segment in transcript.segments]


def test_text_is_told_while_it_is_recognised_and_once_more_by_the_attempt_after_a_killed_one(grounds: Ground) -> None:
    worker = grounds.start(*BOTH, FAKE_ENGINE_SPEED="3")
    job = grounds.submit(duration_s=9)
    wait_until(lambda: len(_texts(_told(grounds, job))) >= 2, 40, "live text")
    assert not grounds.view(job).state.ended
    [child] = worker.children()
    os.kill(child, signal.SIGKILL)
    transcript = grounds.completed(job)
    told = _told(grounds, job)
    first = tuple(takewhile(lambda entry: entry.kind is not TextKind.RESTARTED, told))
    second = told[len(first) + 1 :]
    # What the killed attempt had told are the first words of the transcript; the second one told them all.
    assert 2 <= len(first) < 9
    assert _texts(first) == _spoken(transcript)[: len(first)]
    assert _texts(second) == _spoken(transcript)
    assert (second[-1].kind, second[-1].body) == (TextKind.WHOLE, "1/1")
