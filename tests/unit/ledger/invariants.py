"""What must hold in every state of the ledger, whatever led to it (the promises of docs/explanation/ledger.md)."""

from math import inf

from stenopool.ledger.model import MAX_ATTEMPTS, RunState, UnitKind, UnitState
from tests.unit.ledger.ledger_model import LedgerModel
from tests.unit.ledger.model_records import Run

_OPEN = (UnitState.WAITING, UnitState.DELAYED, UnitState.LEASED)


def check_invariants(model: LedgerModel) -> None:
    for run in model.runs.values():
        _check_never_stuck(run)
        _check_ended_holds_nothing(model, run)
        _check_units(run)
    _check_claims(model)
    _check_index(model)
    _check_cancel(model)
    _check_due(model)


def _check_never_stuck(run: Run) -> None:
    if not run.is_live:
        return
    assert run.live_jobs, f"{run.id} lives for nobody"
    assert any(unit.state in _OPEN for unit in run.units.values()), f"{run.id} is stuck"
    spans = [unit for unit in run.units.values() if unit.kind is UnitKind.SPAN]
    for unit in run.units.values():
        if unit.kind is UnitKind.ASSEMBLE:
            all_done = all(span.state is UnitState.DONE for span in spans)
            assert (unit.state is not UnitState.BLOCKED) == all_done, f"{run.id} assembles too early or never"


def _check_ended_holds_nothing(model: LedgerModel, run: Run) -> None:
    if not run.is_live:
        assert not run.units
        assert all(claim.run is not run for claim in model.claims.values()), f"a claim outlives {run.id}"
    assert run.transcript is None or run.state is RunState.COMPLETED
    assert (run.reason is not None) == (run.state is RunState.FAILED)


def _check_units(run: Run) -> None:
    for unit in run.units.values():
        assert 0 <= unit.attempt <= MAX_ATTEMPTS
        assert unit.claims >= 0
        assert (unit.not_before is not None) == (unit.state is UnitState.DELAYED)
        assert unit.claim or unit.state is not UnitState.LEASED
        assert not unit.claim or unit.state in (UnitState.LEASED, UnitState.WAITING)
    done = [unit for unit in run.units.values() if unit.kind is UnitKind.SPAN and unit.state is UnitState.DONE]
    assert not run.units or len(done) == run.done
    assert 0 <= run.done_ms <= sum(unit.cost_ms for unit in run.units.values()) or not run.is_live


def _check_claims(model: LedgerModel) -> None:
    for name, claim in model.claims.items():
        assert claim.unit.claim == name
        assert claim.run.units.get(claim.unit.id) is claim.unit
        assert (claim.expiry is not None) == (claim.unit.state is UnitState.LEASED)
        assert name not in model.spent
    held = [unit.claim for run in model.runs.values() for unit in run.units.values() if unit.claim]
    assert sorted(held) == sorted(model.claims)


def _check_index(model: LedgerModel) -> None:
    live = [run.digest for run in model.runs.values() if run.is_live]
    assert len(live) == len(set(live)), "two live runs of one digest"
    for digest, run_id in model.index.items():
        run = model.runs[run_id]
        assert run.digest == digest
        assert run.is_live or run.state is RunState.COMPLETED
    for run in model.runs.values():
        assert not run.is_live or model.index.get(run.digest) == run.id


def _check_cancel(model: LedgerModel) -> None:
    for run in model.runs.values():
        if run.state is RunState.CANCELLED:
            of_run = [job for job in model.jobs.values() if job.run == run.id]
            assert all(job.cancelled is not None or job.deleting is not None for job in of_run), (
                f"{run.id} was cancelled under a job that stayed"
            )


def _check_due(model: LedgerModel) -> None:
    """Whatever is over will go, and what somebody needs will not."""
    for name, job in model.jobs.items():
        is_over = job.deleting is not None or model.job_state(name).ended
        assert (f"job/{name}" in model.due) == is_over, f"{name} goes too early or never"
    for run in model.runs.values():
        jobs = [job for job in model.jobs.values() if job.run == run.id and job.deleting is None]
        readers = [job for job in jobs if job.reads]
        assert (f"tr/{run.id}" in model.due) == (not jobs), f"the record of {run.id} goes too early or never"
        assert not readers or f"result/{run.id}" not in model.due, f"the result of {run.id} goes too early"
        if run.is_live:
            assert model.due[run.media] == inf, f"the media of {run.id} go too early"
            assert f"work/{run.id}" not in model.due
    for run_id in model.index.values():
        assert any(job.run == run_id and job.reads for job in model.jobs.values()), (
            f"{run_id} is found, and is nobody's"
        )
