"""An id says how far a listener is, exactly or not at all."""

import pytest

from api.services.events.places import JobPlace
from stenopool.ledger.model import RunState
from tests.unit.api.events.made import RUN, restarted, said, whole

START = JobPlace.at_start(RUN)


@pytest.mark.parametrize(
    "place",
    [
        START,
        JobPlace("77777777", 1_790_000_000_000_001, 12),
        JobPlace("77777777", 5, None, is_whole=True),
        JobPlace("77777777", 5, 3, is_whole=True, ended=RunState.COMPLETED),
    ],
)
def test_an_id_names_its_place(place: JobPlace) -> None:
    assert JobPlace.parse(str(place)) == place


@pytest.mark.parametrize("text", ["nonsense", "77777777.5", "7777777G.1.1", "77777777.1.1.queued", "77777777.1.-1", ""])
def test_what_is_no_id_may_have_been_anywhere(text: str) -> None:
    place = JobPlace.parse(text)
    assert place.shown is None
    assert not place.is_in(RUN)


def test_segments_of_the_first_span_are_the_first_of_the_transcript() -> None:
    place = START.behind(said(10)).behind(said(11))
    assert (place.after, place.shown) == (11, 2)


def test_segments_of_a_later_span_are_somewhere_in_the_transcript() -> None:
    assert START.behind(said(10)).behind(said(11, unit="span-3")).behind(said(12)).shown is None


def test_a_span_that_begins_again_is_not_shown() -> None:
    place = START.behind(said(10)).behind(whole(11)).behind(restarted(12))
    assert (place.after, place.shown, place.is_whole) == (12, 0, False)
    assert START.behind(said(10)).behind(restarted(11, "span-3")).shown is None


def test_the_text_is_whole_when_that_of_every_span_is() -> None:
    assert not START.behind(whole(10, "1/2")).is_whole
    assert START.behind(whole(10, "1/2")).behind(whole(11, "2/2", "span-1")).is_whole
