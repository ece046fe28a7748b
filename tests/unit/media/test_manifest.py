"""Manifests survive the way to the store and back."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from stenopool.media.manifest import Ending, Manifest, read_manifest, submitted_day

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def a_manifest() -> Manifest:
    return Manifest(
        job_id="a" * 32,
        tenant="default",
        name="Grüße.mp3",
        digest="d" * 64,
        transcription_id="b" * 32,
        media_key="media/" + "c" * 32,
        pool="recognise.fake.x",
        identity="{}",
        options="{}",
        fingerprint="f" * 64,
        size_bytes=3,
        request_hash="e" * 64,
        submitted_at=MOMENT,
    )


def test_a_manifest_reads_back_as_it_was_written() -> None:
    assert read_manifest(a_manifest().to_bytes()) == a_manifest()


def test_the_first_ending_stays() -> None:
    failed = a_manifest().ended(Ending(state="failed", at=MOMENT, code="no_audio"))
    again = failed.ended(Ending(state="cancelled", at=MOMENT))
    assert again.ending is not None
    assert again.ending.code == "no_audio"


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError):
        Ending.model_validate({"state": "failed", "at": "2026-01-02T03:04:05"})


def test_the_day_is_the_one_of_the_submission() -> None:
    assert submitted_day(MOMENT) == "2026-01-02"
