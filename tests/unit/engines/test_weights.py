from pathlib import Path

import pytest

from stenopool.errors import ErrorCode, FatalError
from worker.weights import display_name, find_weights, is_path, missing_weights, resolve_auto

FILES = ("model.bin", "tokenizer.json", "vocabulary.json")


def put_model(folder: Path, *files: str) -> Path:
    folder.mkdir(parents=True)
    for name in files or FILES:
        (folder / name).write_bytes(b"x")
    return folder


def test_the_model_folder_comes_first(tmp_path: Path) -> None:
    assert find_weights("base", put_model(tmp_path / "base").parent) == tmp_path / "base"


def test_a_repository_may_lie_in_the_model_folder(tmp_path: Path) -> None:
    put_model(tmp_path / "owner" / "name")
    assert find_weights("owner/name", tmp_path) == tmp_path / "owner" / "name"


def test_a_folder_is_its_own_name(tmp_path: Path) -> None:
    folder = put_model(tmp_path / "mine")
    assert find_weights(str(folder), tmp_path / "elsewhere") == folder


def test_the_demo_model_lies_beside_the_code(tmp_path: Path) -> None:
    found = find_weights("demo", tmp_path)
    assert found is not None
    assert found.name == "demo"


@pytest.mark.parametrize("missing", FILES)
def test_weights_that_are_not_whole_are_none(tmp_path: Path, missing: str) -> None:
    put_model(tmp_path / "base", *(name for name in FILES if name != missing))
    assert find_weights("base", tmp_path) is None


def test_a_name_nobody_knows_is_not_found(tmp_path: Path) -> None:
    assert find_weights("bas", tmp_path) is None


def test_auto_takes_the_weights_on_the_disk(tmp_path: Path) -> None:
    put_model(tmp_path / "base")
    found = resolve_auto("base", tmp_path)
    assert (found.engine, found.model) == ("faster-whisper", "base")


@pytest.mark.needs("pocketsphinx")
def test_auto_falls_back_to_pocketsphinx_and_never_to_the_demo_model(tmp_path: Path) -> None:
    found = resolve_auto("base", tmp_path)
    assert (found.engine, found.model, found.path) == ("pocketsphinx", "en-us", None)


def test_auto_takes_the_demo_model_when_it_is_asked_for(tmp_path: Path) -> None:
    found = resolve_auto("demo", tmp_path)
    assert (found.engine, found.model) == ("faster-whisper", "demo")


def test_a_folder_that_holds_no_model_is_no_reason_for_another_engine(tmp_path: Path) -> None:
    with pytest.raises(FatalError) as raised:
        resolve_auto(str(tmp_path / "nothing"), tmp_path)
    assert raised.value.code == ErrorCode.WEIGHTS_MISSING


def test_missing_weights_say_what_to_do() -> None:
    assert missing_weights("base").hint == "fetch them with: stenopool model fetch base"


def test_errors_do_not_name_folders() -> None:
    assert "/opt/secret" not in str(missing_weights("/opt/secret/base"))


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("base", False), ("owner/name", False), ("/opt/base", True), ("./base", True), ("~/base", True), ("a/b/c", True)],
)
def test_places_are_told_from_repositories(name: str, is_one: bool) -> None:
    assert is_path(name) is is_one


def test_of_a_folder_the_last_part_is_shown() -> None:
    assert (display_name("/opt/models/base"), display_name("owner/name")) == ("base", "owner/name")
