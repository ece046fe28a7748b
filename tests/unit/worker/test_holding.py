"""A claim in hand between the two threads of a child."""

from stenopool.ledger.model import HeldClaim, UnitKind
from tests.unit.worker.grants import make_grant
from worker.holding import Holding


def test_the_deadline_counts_from_the_start_of_the_work() -> None:
    holding = Holding(make_grant(), timeout_s=-1)
    assert not holding.condemn()
    holding.start()
    assert holding.condemn()


def test_finished_work_has_no_deadline_any_more() -> None:
    holding = Holding(make_grant(), timeout_s=-1)
    holding.start()
    assert holding.end_work()
    assert not holding.condemn()


def test_condemned_work_cannot_be_finished() -> None:
    holding = Holding(make_grant(), timeout_s=-1)
    holding.start()
    assert holding.condemn()
    assert not holding.end_work()
    assert holding.condemn()


def test_a_beat_tells_start_and_progress() -> None:
    holding = Holding(make_grant(claim_id="c"), timeout_s=60)
    assert holding.held_claim() == HeldClaim("c", started=False, done_s=0.0)
    holding.start()
    holding.progress(2.5)
    assert holding.held_claim() == HeldClaim("c", started=True, done_s=2.5)


def test_people_count_spans_from_one() -> None:
    grant = make_grant(transcription_id="3f9a1c2b" + "0" * 24, unit_id="span-3", units=12)
    assert Holding(grant, 60).label == "3f9a1c2b span 4/12"
    grant = make_grant(transcription_id="3f9a1c2b" + "0" * 24, unit_id="prepare", kind=UnitKind.PREPARE)
    assert Holding(grant, 60).label == "3f9a1c2b prepare"


def test_a_lost_claim_stays_lost() -> None:
    holding = Holding(make_grant(), 60)
    assert not holding.lost
    holding.lose()
    assert holding.lost
