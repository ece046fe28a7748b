"""Packed records come back as they went in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenopool.ledger import codec
from stenopool.ledger.model import UnitKind, UnitState

_words = st.text(alphabet="abc0123456789:/+._-", max_size=50)
_counts = st.integers(0, 10**6)
_times = st.integers(0, 2 * 10**12)
_units = st.builds(
    codec.UnitRecord,
    kind=st.sampled_from(UnitKind),
    state=st.sampled_from(UnitState),
    cost_s=st.integers(0, 4 * 3600 * 1000).map(lambda ms: ms / 1000),
    from_sample=_counts,
    to_sample=_counts,
    attempt=_counts,
    claims=_counts,
    claim=_words,
    last_worker=_words,
    order_ms=_times,
    delayed_ms=_times,
)
_claims = st.builds(
    codec.ClaimRecord,
    transcription_id=_words,
    unit_id=_words,
    worker=_words,
    started=st.booleans(),
    rearmed=st.booleans(),
    deadline_ms=_times,
    done_ms=_times,
)


@given(_units)
def test_a_unit_comes_back_as_it_went_in(unit: codec.UnitRecord) -> None:
    assert codec.unpack_unit(codec.pack_unit(unit)) == unit


@given(_claims)
def test_a_claim_comes_back_as_it_went_in(claim: codec.ClaimRecord) -> None:
    assert codec.unpack_claim(codec.pack_claim(claim)) == claim


@pytest.mark.parametrize("text", ["", "span,waiting", "a,b,c,d,e,f,g,h"])
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="fields"):
        codec.unpack_unit(text)
    with pytest.raises(ValueError, match="fields"):
        codec.unpack_claim(text)


def test_a_workers_name_cannot_break_a_record() -> None:
    assert codec.worker_name("odd,host:1:r/2") == "odd_host:1:r/2"


def test_text_is_cut_between_characters() -> None:
    # Each of the letters takes two bytes of UTF-8: five bytes hold two and a half.
    assert codec.shown_text("öööö", 5) == "öö"


def test_half_a_character_of_utf_16_is_replaced() -> None:
    assert codec.shown_text("a\ud800b", 64) == "a?b"
