"""Load stays on this machine and ends; recordings differ as far as they are told to."""

import io
import wave

import pytest

from tests.load.bounds import LONGEST_S, MOST_REQUESTS, OutOfBoundsError, must_be_here, must_end
from tests.load.recordings import Deck, noise


@pytest.mark.parametrize(
    "host",
    [
        "https://example.org",
        "http://127.0.0.2:80",
        "http://localhost:8000",
        "http://127.0.0.1.example.org:80",
        "http://127.0.0.1@example.org:80",
        "http://example.org@127.0.0.1:80",
        "http://[::1]:8000",
        "http://127.0.0.1",
        "https://127.0.0.1:443",
        "http://127.0.0.1:x",
        "",
        None,
    ],
)
def test_load_on_others_is_refused(host: str | None) -> None:
    with pytest.raises(OutOfBoundsError, match=r"127\.0\.0\.1"):
        must_be_here(host)


def test_load_on_this_machine_is_allowed() -> None:
    must_be_here("http://127.0.0.1:8080")


@pytest.mark.parametrize(
    ("run_s", "requests", "recording_s"),
    [(None, 10, 1), (0, 10, 1), (LONGEST_S + 1, 10, 1), (60, 0, 1), (60, MOST_REQUESTS + 1, 1), (60, 10, 0)],
)
def test_load_without_an_end_is_refused(run_s: float | None, requests: int, recording_s: float) -> None:
    with pytest.raises(OutOfBoundsError):
        must_end(run_s, requests, recording_s)


def test_a_recording_is_a_wav_file_and_the_same_for_the_same_number() -> None:
    assert noise(7, 0.5) == noise(7, 0.5) != noise(8, 0.5)
    with wave.open(io.BytesIO(noise(7, 0.5))) as file:
        assert (file.getframerate(), file.getnframes(), file.getnchannels()) == (8000, 4000, 1)


@pytest.mark.parametrize(("repeats", "least", "most"), [(0.0, 1000, 1000), (0.3, 650, 750), (1.0, 1, 1)])
def test_the_share_that_repeats_is_as_told(repeats: float, least: int, most: int) -> None:
    deck = Deck(3, repeats)

    drawn = [deck.draw() for _ in range(1000)]

    # Of 1000 with p = 0.3, seven standard deviations (of 14.5) are 100: 700 new ones, give or take 50, is 3.4.
    assert least <= len(set(drawn)) <= most
    assert {Deck(4, repeats).draw()} & set(drawn) == set()
