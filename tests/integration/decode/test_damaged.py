"""A few dozen damaged recordings through the real decoder; ``make fuzz-media`` sends thousands."""

import secrets
from pathlib import Path

import pytest

from tests.integration.decode import fuzz_media
from tests.integration.decode.fuzz_media import LIMITS, corpus, decode_all, decode_one, table
from tests.integration.decode.mutations import Damaged, damaged

NUMBER = 24


@pytest.mark.parametrize("seed", [20_261_124, secrets.randbelow(2**32)], ids=["the same", "another"])
def test_threat_06_damaged_recordings_end_decoded_or_by_their_own_fault(tmp_path: Path, seed: int) -> None:
    outcomes = list(decode_all(corpus(), seed, range(NUMBER), tmp_path))
    assert len(outcomes) == NUMBER
    assert [outcome for outcome in outcomes if outcome.is_fault] == [], f"make fuzz-media SEED={seed}"
    # Some are heard and some are refused: else the damage were too small or too large to find anything.
    assert {"decoded", "undecodable_media"} <= {outcome.ending for outcome in outcomes}, table(outcomes)
    assert list(tmp_path.iterdir()) == []


def test_a_seed_and_a_number_are_one_file() -> None:
    bodies = {"a.wav": bytes(range(256)) * 20, "b.wav": bytes(5_000)}
    first, second = ([damaged(bodies, seed, number) for number in range(20)] for seed in (1, 1))
    assert first == second
    assert [damaged(bodies, 2, number) for number in range(20)] != first
    assert len({file.body for file in first}) > 15


def test_a_fault_of_ours_is_told_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no code for this")

    monkeypatch.setattr(fuzz_media, "decode_media", broken)
    outcome = decode_one(tmp_path, LIMITS, Damaged("1-a.wav-cut", b"RIFF"))
    assert outcome.is_fault
    assert "RuntimeError" in table([outcome])
