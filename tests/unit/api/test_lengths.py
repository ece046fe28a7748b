"""How long a recording likely is: rather short than long, for every kind that is taken."""

import pytest

from api.services.lengths import estimated_s
from stenopool.media.kinds import KINDS, MP3, OPUS, TAGGED, WAV, WEBM, Kind

HOUR_S = 3600.0


@pytest.mark.parametrize(
    ("kind", "size_bytes", "seconds"),
    [
        # A minute of a compact disc: 44,100 frames of 2 channels of 2 bytes a second.
        (WAV, 44_100 * 4 * 60, 60.0),
        # 320 kbit/s are 40,000 bytes a second.
        (MP3, 40_000 * 60, 60.0),
        (TAGGED, 40_000 * 60, 60.0),
        (OPUS, 16_000 * 60, 60.0),
        (WAV, 1, 0.0),
    ],
)
def test_an_estimate_is_the_size_over_the_usual_highest_rate(kind: Kind, size_bytes: int, seconds: float) -> None:
    assert estimated_s(kind, size_bytes, HOUR_S) == seconds


def test_a_small_recording_of_speech_is_longer_than_its_estimate() -> None:
    # An hour of Opus at 24 kbit/s, as telephones and browsers record speech, alone and beside a picture.
    size_bytes = 24_000 // 8 * 3600
    assert estimated_s(OPUS, size_bytes, HOUR_S) < 3600
    assert estimated_s(WEBM, size_bytes, HOUR_S) < estimated_s(OPUS, size_bytes, HOUR_S)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_expected_to_be_longer_than_what_is_transcribed(kind: Kind) -> None:
    assert 0 < estimated_s(kind, 1_000_000, 60.0) <= 60.0
    assert estimated_s(kind, 10**12, 60.0) == 60.0
