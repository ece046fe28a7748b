"""What tellers and listeners do on a walk."""

from collections import defaultdict
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from stenopool.ledger import event_operations as events
from stenopool.ledger.events import TextKind, Wishes
from stenopool.ledger.model import Mark
from tests.unit.ledger.walker import Walker

picks = st.integers(0, 40)


class EventWalker(Walker):
    """Tells the text of spans and listens to it; remembers what each claim has said."""

    def __init__(self) -> None:
        super().__init__()
        self._said: defaultdict[str, list[str]] = defaultdict(list)
        self._marks: dict[str, Mark] = {}

    @precondition(lambda self: bool(self.claim_ids))
    @rule(
        pick=picks,
        count=st.integers(0, 3),
        again=st.integers(0, 2),
        ahead=st.sampled_from([0, 0, 0, 1]),
        last=st.booleans(),
    )
    def tell(self, pick: int, count: int, again: int, ahead: int, *, last: bool) -> None:
        """Somebody who holds a claim, or believes so, tells a few segments, some of them once more."""
        claim_id = self.pick(pick)
        said = self._said[claim_id]
        first = max(0, len(said) - again) + ahead
        segments = [f'{{"text":"{claim_id} {first + place}"}}' for place in range(count)]
        call = events.tell(claim_id, first, segments, is_whole=last)
        act = partial(self.model.tell, claim_id, first, segments, is_whole=last)
        was_in_force = self.witness.is_in_force(claim_id)
        answer = self.perform(call, act)
        assert not answer.is_heard or was_in_force, "a claim that is not in force was heard"
        if answer.is_heard and not ahead:
            said += segments[len(said) - first :]
            self._hears_what_was_said(claim_id)

    def _hears_what_was_said(self, claim_id: str) -> None:
        claim = self.model.claims[claim_id]
        heard: list[str] = []
        for entry in self.model.run_text(claim.run.id, 0, 10_000).entries:
            if entry.unit == claim.unit.id and entry.kind is TextKind.SEGMENT:
                heard.append(entry.body)
            elif entry.unit == claim.unit.id and entry.kind is TextKind.RESTARTED:
                heard = []
        said = self._said[claim_id]
        assert not said or heard == said, "a listener has heard something else than the last speaker said"

    @rule(pick=picks, limit=st.integers(1, 4), tenant=st.sampled_from(["ann", "bob"]))
    def listen(self, pick: int, limit: int, tenant: str) -> None:
        """One look for several listeners, who are further behind or nearer."""
        names = [f"job-{(pick + step) % (self.submissions + 1)}" for step in range(3)]
        jobs = {name: self._marks.get(name) for name in names}
        run_ids = [*self.model.runs, "tr-gone"]
        run_id = run_ids[pick % len(run_ids)]
        text = self.model.run_text(run_id, 0, 10_000).entries
        behind = text[-1 - pick % len(text)].number if text else pick
        since = self.model.last_event - 10 ** (pick % 11)
        wishes = Wishes(
            jobs,
            runs=[(run_id, 0), (run_id, behind), ("nobody's", pick)],
            tenants=[(tenant, None), (tenant, since), (tenant, self.model.last_event)],
        )
        news = self.perform(events.news(wishes, limit), lambda: self.model.news(wishes, limit))
        self._marks |= {job.job_id: job.mark for job in news.jobs}
