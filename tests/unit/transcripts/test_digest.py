"""The digest keeps apart all that may not share a transcription."""

from stenopool.transcripts.digest import request_hash, transcription_digest
from stenopool.transcripts.options import Options

BASE = ("tenant", "f" * 64, Options(), "identity")


def test_equal_parts_give_an_equal_digest_of_64_hex_digits() -> None:
    digest = transcription_digest(*BASE)
    assert digest == transcription_digest(*BASE)
    assert len(digest) == 64
    assert set(digest) <= set("0123456789abcdef")


def test_each_part_changes_the_digest() -> None:
    others = [
        transcription_digest("other", "f" * 64, Options(), "identity"),
        transcription_digest("tenant", "e" * 64, Options(), "identity"),
        transcription_digest("tenant", "f" * 64, Options(language="de"), "identity"),
        transcription_digest("tenant", "f" * 64, Options(), "other"),
    ]
    assert len({transcription_digest(*BASE), *others}) == 5


def test_text_moved_from_one_part_to_the_next_changes_the_digest() -> None:
    assert transcription_digest("ab", "c", Options(), "i") != transcription_digest("a", "bc", Options(), "i")


def test_the_request_hash_knows_no_tenant_and_no_engine() -> None:
    assert request_hash("f", Options()) == request_hash("f", Options())
    assert request_hash("f", Options()) != request_hash("f", Options(vad_filter=False))
