"""Names of pools."""

from stenopool.queueing.names import is_recognise, recognise_pool


def test_a_pool_is_named_after_engine_and_model() -> None:
    assert recognise_pool("faster-whisper", "base") == "recognise.faster-whisper.base"


def test_a_path_or_repository_gets_a_safe_name_of_its_own() -> None:
    one, two = recognise_pool("faster-whisper", "org/model"), recognise_pool("faster-whisper", "org-model")
    assert one != two
    assert "/" not in one


def test_only_recognise_pools_hold_a_model() -> None:
    assert is_recognise(recognise_pool("fake", "x"))
    assert not is_recognise("prepare")
