"""A recording longer than its tenant's day has left: decoded, and then ended by name, in the ledger and in its manifest."""

import json

from stenopool.ledger.model import Quotas, RunState
from tests.integration.worker.ground import Ground
from tests.integration.worker.here import duty_here
from worker.shift import Shift


def test_a_run_over_quota_fails_before_an_engine_hears_it_and_its_manifest_says_so(grounds: Ground) -> None:
    duty, store = duty_here(grounds)
    # Expected to be 0.5 s long, it is 2 s.
    over = grounds.submit(2.0, quotas=Quotas(audio_ms=1_900), estimated_s=0.5)
    fits = grounds.submit(2.0, quotas=Quotas(audio_ms=2_000), estimated_s=0.5)
    report = Shift(duty).run()
    view = grounds.view(over)
    assert (view.state, view.reason, view.audio_s) == (RunState.FAILED, "quota_exceeded", 2.0)
    assert grounds.view(fits).state is RunState.COMPLETED
    assert json.loads(store.get(over.manifest_key))["ending"]["code"] == "quota_exceeded"
    assert "prepare quota_exceeded" in report
