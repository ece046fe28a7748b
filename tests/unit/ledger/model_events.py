"""What the pure model tells those who listen."""

from collections import defaultdict
from collections.abc import Sequence

from stenopool.ledger.events import (
    MOST_TOLD,
    Change,
    ChangeEntry,
    RunText,
    TenantNews,
    TenantText,
    TextEntry,
    TextKind,
    Told,
)
from stenopool.ledger.model import RunState, UnitKind
from tests.unit.ledger.model_records import Claim, Job, Run

KEPT_MS = 3_600_000
MOST_CHANGES = 1000


class Events:
    def __init__(self) -> None:
        self.now = 1_790_000_000_000
        self.jobs: dict[str, Job] = {}
        self.runs: dict[str, Run] = {}
        self.claims: dict[str, Claim] = {}
        self.first_event: int | None = None
        self.last_event = 0
        self.changes: defaultdict[str, list[ChangeEntry]] = defaultdict(list)
        self.told_runs: defaultdict[str, dict[str, int]] = defaultdict(dict)

    def begin_events(self) -> None:
        if self.first_event is None:
            self._next_event()

    def _next_event(self) -> int:
        self.last_event = max(self.last_event + 1, self.now * 1000)
        if self.first_event is None:
            self.first_event = self.last_event
        return self.last_event

    def _tell_change(self, tenant: str, job_id: str, run: Run, state: Change) -> None:
        has_failed = state is RunState.FAILED
        code, detail = (run.reason or "", run.detail or "") if has_failed else ("", "")
        self.changes[tenant].append(ChangeEntry(self._next_event(), job_id, state, code, detail))
        del self.changes[tenant][:-MOST_CHANGES]

    def _tell_run(self, run: Run, state: RunState) -> None:
        for job_id in sorted(run.live_jobs):
            self._tell_change(self.jobs[job_id].tenant, job_id, run, state)

    def _tell_ending(self, run: Run, state: RunState, reason: str | None, detail: str | None) -> None:
        run.reason, run.detail = reason, detail
        self._tell_run(run, state)
        run.told = {}
        if run.text:
            run.text_jobs = set(run.live_jobs)

    def tell(self, claim_id: str, first: int, segments: Sequence[str], *, is_whole: bool) -> Told:
        claim = self.claims.get(claim_id)
        if claim is None or claim.unit.kind is not UnitKind.SPAN:
            return Told(is_heard=False)
        run, unit, before = claim.run, claim.unit.id, len(claim.run.text)
        speaker, count, was_whole = run.told.get(unit, ("", 0, False))
        if speaker != claim_id:
            if speaker:
                self._say(run, TextKind.RESTARTED, unit, "")
            count, was_whole = 0, False
        if count >= first:
            for body in segments[count - first :]:
                if len(run.text) < MOST_TOLD:
                    self._say(run, TextKind.SEGMENT, unit, body)
                    count += 1
        if is_whole and not was_whole and count == first + len(segments):
            was_whole = True
            others = [told for name, told in run.told.items() if name != unit]
            self._say(run, TextKind.WHOLE, unit, f"{1 + sum(told[2] for told in others)}/{run.spans}")
        if len(run.text) > before:
            run.told[unit] = (claim_id, count, was_whole)
            told = self.told_runs[run.tenant]
            told[run.id] = self.last_event
            self.told_runs[run.tenant] = {
                run_id: number for run_id, number in told.items() if number > (self.now - KEPT_MS) * 1000
            }
        return Told(is_heard=True)

    def _say(self, run: Run, kind: TextKind, unit: str, body: str) -> None:
        run.text.append(TextEntry(self._next_event(), kind, unit, body))

    def _forget_text(self, run: Run) -> None:
        run.text, run.told, run.text_jobs = [], {}, set()

    def run_text(self, run_id: str, after: int, limit: int) -> RunText:
        text = self.runs[run_id].text if run_id in self.runs else []
        is_continued = after == 0 or any(entry.number == after for entry in text)
        return RunText(run_id, is_continued, tuple(entry for entry in text if entry.number > after)[:limit])

    def tenant_news(self, tenant: str, after: int | None, limit: int) -> TenantNews:
        if after is None:
            return TenantNews(tenant, has_gap=False)
        changes = self.changes[tenant]
        is_trimmed = len(changes) >= MOST_CHANGES and after < changes[0].number
        if after < (self.first_event or self.now * 1000) or after < (self.now - KEPT_MS) * 1000 or is_trimmed:
            return TenantNews(tenant, has_gap=True)
        texts = []
        for run_id, _ in sorted(self.told_runs[tenant].items(), key=lambda told: (told[1], told[0])):
            run = self.runs.get(run_id)
            if run is None:
                continue
            entries = tuple(entry for entry in run.text if entry.number > after)[:limit]
            job_ids = tuple(sorted(run.text_jobs if run.state.ended else run.live_jobs))
            if entries:
                texts.append(TenantText(run_id, entries, run.done_ms / 1000, run.audio_s, job_ids))
        news = tuple(entry for entry in changes if entry.number > after)[:limit]
        return TenantNews(tenant, has_gap=False, changes=news, texts=tuple(texts))
