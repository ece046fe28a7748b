"""A worker that does what a test tells it: drives the ledger and fills the store as the real ones do, without speech."""

from collections.abc import Sequence

from stenopool.ids import new_id
from stenopool.ledger import event_operations as events
from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import Blame, Grant, HeldClaim, Plan, PlannedUnit, UnitKind, WorkerPulse, timing_of
from stenopool.media.store import Store, transcript_key
from stenopool.queueing.names import HOUSE, PREPARE
from stenopool.transcripts.live import LiveSegment
from stenopool.transcripts.model import EngineIdentity, Segment, Transcript, Word
from stenopool.transcripts.options import stored_options

IDENTITY = EngineIdentity(engine="faster-whisper", model="demo", revision="0123456789abcdef", compute_type="int8")
TIMING = timing_of(30, 2, 5)
AUDIO_S = 8.0


class ScriptedWorker:
    """One worker for both pools."""

    def __init__(self, ledger: Ledger, store: Store, pool: str) -> None:
        self._ledger = ledger
        self._store = store
        self._pool = pool
        self._name = f"test:1:{new_id()[:8]}"

    def register(self, ttl_ms: int = 60_000) -> None:
        """Alive in both pools, and a housekeeper beside it."""
        pulses = (
            WorkerPulse(f"{self._name}-p", (PREPARE,), "", "test", 1, "idle"),
            WorkerPulse(f"{self._name}-r", (self._pool,), IDENTITY.canonical(), "test", 1, "idle", device="cpu"),
            WorkerPulse(f"{self._name}-h", (HOUSE,), "", "test", 1, "idle"),
        )
        for pulse in pulses:
            self._ledger.do(op.register(pulse, ttl_ms))

    def leave(self) -> None:
        """No longer alive; what it registered stays known."""
        for suffix in "prh":
            self._ledger.do(op.unregister(f"{self._name}-{suffix}"))

    def claim(self, pool: str) -> Grant | None:
        """The next unit of a pool, started."""
        grant = self._ledger.do(op.claim(new_id(), f"{self._name}/1", [pool], TIMING)).grant
        if grant is not None:
            self.beat(grant, 0.0)
        return grant

    def beat(self, grant: Grant, done_s: float) -> None:
        """Renews the lease and tells how far it is."""
        self._ledger.do(op.beat(f"{self._name}/1", [HeldClaim(grant.claim_id, started=True, done_s=done_s)], TIMING))

    def prepare_only(self) -> Grant:
        """Claims ``prepare`` and holds it."""
        grant = self.claim(PREPARE)
        assert grant is not None
        return grant

    def prepare(self) -> Grant:
        """Claims ``prepare`` and commits a plan of one span."""
        grant = self.prepare_only()
        samples = int(AUDIO_S * 16_000)
        units = (
            PlannedUnit("span-0", UnitKind.SPAN, 0, samples, AUDIO_S),
            PlannedUnit("assemble", UnitKind.ASSEMBLE, 0, samples, 0.0, blocked=True),
        )
        self._ledger.do(op.plan(grant.claim_id, Plan(grant.claim_id, AUDIO_S, units), TIMING))
        return grant

    def recognise(self) -> Grant:
        """Claims a span and holds it."""
        grant = self.claim(self._pool)
        assert grant is not None
        return grant

    def tell(self, span: Grant, first: int, *texts: str, is_whole: bool = False) -> None:
        """Tells listeners segments of the span, a second each."""
        bodies = [LiveSegment.of(segment) for segment in segments_of(texts, first)]
        told = [body.to_json() for body in bodies if body is not None]
        self._ledger.do(events.tell(span.claim_id, first, told, is_whole=is_whole))

    def give_up(self, span: Grant) -> None:
        """Gives the span back: it waits for the next claim."""
        self._ledger.do(op.release(span.claim_id))

    def finish_with(self, span: Grant, *texts: str) -> None:
        """Commits the span and a transcript of these segments."""
        last = self._ledger.do(op.commit(span.claim_id, TIMING)).next
        assert last is not None
        whole = transcript_of(span, " ".join(texts)).model_copy(update={"segments": segments_of(texts)})
        key = transcript_key(span.transcription_id)
        self._store.put(key, whole.model_dump_json().encode())
        self._ledger.do(op.finish(last.claim_id, key, span.identity))

    def finish(self, span: Grant, text: str = "good morning") -> None:
        """Commits the span and the transcript."""
        last = self._ledger.do(op.commit(span.claim_id, TIMING)).next
        assert last is not None
        key = transcript_key(span.transcription_id)
        self._store.put(key, transcript_of(span, text).model_dump_json().encode())
        self._ledger.do(op.finish(last.claim_id, key, span.identity))

    def finish_if_held(self, span: Grant, text: str = "good morning") -> None:
        """As ``finish``; nothing when the run ended meanwhile."""
        if self._ledger.do(op.jobs_of(span.transcription_id)):
            self.finish(span, text)

    def fail(self, grant: Grant, code: str, detail: str | None = None) -> None:
        """Ends the run: the recording's fault."""
        self._ledger.do(op.fail(grant.claim_id, code, Blame.INPUT, detail))

    def complete(self, text: str = "good morning") -> None:
        """Does one whole run."""
        self.prepare()
        self.finish(self.recognise(), text)

    def die(self) -> None:
        """Its child is known to be dead: what it held goes back."""
        self._ledger.do(op.abandon(f"{self._name}/1"))

    def clear(self) -> None:
        """Ends whatever waits, so that the next test's recording is the next unit."""
        for pool in (PREPARE, self._pool):
            while (grant := self.claim(pool)) is not None:
                self.fail(grant, "no_audio")


def segments_of(texts: Sequence[str], first: int = 0) -> tuple[Segment, ...]:
    """Segments of a second each."""
    return tuple(
        Segment(start=float(place), end=place + 1.0, text=text, confidence=0.75)
        for place, text in enumerate(texts, first)
    )


def transcript_of(span: Grant, text: str) -> Transcript:
    """A transcript with one segment and, where asked for, words."""
    options = stored_options(span.options)
    words = tuple(
        Word(start=1.0 + at, end=1.5 + at, word=f" {word}", probability=0.5) for at, word in enumerate(text.split())
    )
    segment = Segment(start=1.0, end=3.5, text=text, confidence=0.75, words=words if options.word_timestamps else None)
    return Transcript(
        transcription_id=span.transcription_id,
        text=text,
        segments=(segment,),
        language="en",
        language_probability=None,
        duration=AUDIO_S,
        speech_duration=2.5,
        task=options.speech_task,
        identity=IDENTITY,
        options=options.model_dump(by_alias=True),
        processing_s=0.25,
    )
