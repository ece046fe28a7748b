"""The pure model of quotas: what is in use is found by looking, what days counted is added up."""

from collections import Counter, defaultdict

from stenopool.ledger.model import LedgerDays, Quotas, RunState, Submission, UseRecounted
from tests.unit.ledger.model_events import Events
from tests.unit.ledger.model_records import Run

DAY_MS = 24 * 3600 * 1000


class Accounts(Events):
    """What tenants have and had."""

    def __init__(self) -> None:
        super().__init__()
        self.epoch: str | None = None
        self.media: dict[str, tuple[int, str]] = {}
        """Bytes and tenant of what lies in the store."""
        self.namers: defaultdict[str, set[str]] = defaultdict(set)
        """Media -> runs that came to name them."""
        self.days: defaultdict[int, Counter[str]] = defaultdict(Counter)

    def in_use(self) -> dict[str, int]:
        """All counters that are not at nought, as they are named in Redis."""
        use: Counter[str] = Counter()
        for run in self.runs.values():
            if run.is_live:
                use[f"reserved_ms:{run.tenant}"] += run.reserved_ms
                use.update(f"open_jobs:{self.jobs[name].tenant}" for name in run.live_jobs)
        for size_bytes, tenant in self.media.values():
            use[f"stored_bytes:{tenant}"] += size_bytes
        return {name: number for name, number in use.items() if number}

    def audio_of_today(self, tenant: str) -> int:
        measured = self.days[self.now // DAY_MS][f"measured_ms:{tenant}"]
        return measured + self.in_use().get(f"reserved_ms:{tenant}", 0)

    def usage(self, tenant: str | None) -> LedgerDays:
        names = ("jobs", "hit", "joined", "failed", "bytes", "audio_ms")
        days = {
            str(day): {
                name: number
                for name, number in counts.items()
                if number and (tenant is None or name in {f"{each}:{tenant}" for each in names})
            }
            for day, counts in self.days.items()
        }
        return LedgerDays(self.epoch, self.now // DAY_MS, {day: counts for day, counts in days.items() if counts})

    def recount_use(self) -> UseRecounted:
        return UseRecounted(wrong=0)

    def drop_days(self, numbers: list[int]) -> None:
        for number in numbers:
            if number < self.now // DAY_MS:
                self.days.pop(number, None)

    def _broken_quota(self, new: Submission, *, brings_run: bool, brings_media: bool) -> str | None:
        most: Quotas = new.quotas
        use = self.in_use()
        if most.open_jobs and use.get(f"open_jobs:{new.tenant}", 0) + 1 > most.open_jobs:
            return "refused_open_jobs"
        audio_ms = self.audio_of_today(new.tenant)
        if brings_run and most.audio_ms and max(audio_ms + 1, audio_ms + _ms(new.estimated_s)) > most.audio_ms:
            return "refused_audio"
        stored_bytes = use.get(f"stored_bytes:{new.tenant}", 0)
        if brings_media and most.stored_bytes and stored_bytes + new.size_bytes > most.stored_bytes:
            return "refused_stored"
        return None

    def _is_over_quota(self, run: Run, measured_ms: int) -> bool:
        total_ms = self.audio_of_today(run.tenant) - run.reserved_ms + measured_ms
        return bool(run.most_audio_ms) and measured_ms > run.reserved_ms and total_ms > run.most_audio_ms

    def _count(self, name: str, tenant: str, amount: int) -> None:
        self.days[self.now // DAY_MS][f"{name}:{tenant}"] += amount

    def _count_submission(self, new: Submission, outcome: str) -> None:
        self._count("jobs", new.tenant, 1)
        self._count("bytes", new.tenant, new.size_bytes)
        if outcome != "created":
            self._count(outcome, new.tenant, 1)

    def _count_end(self, run: Run, state: RunState) -> None:
        """Before the run ends."""
        if state is RunState.COMPLETED:
            self._count("audio_ms", run.tenant, _ms(run.audio_s or 0))
        if state is RunState.FAILED:
            for name in run.live_jobs:
                self._count("failed", self.jobs[name].tenant, 1)

    def _store_media(self, new: Submission) -> None:
        assert new.media_key is not None
        self.media.setdefault(new.media_key, (new.size_bytes, new.tenant))
        self.namers[new.media_key].add(new.transcription_id)

    def _drop_media(self, media: str) -> None:
        self.media.pop(media, None)
        self.namers.pop(media, None)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
