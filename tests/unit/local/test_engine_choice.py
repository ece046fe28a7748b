"""ENGINE=auto is settled once, by what the disk holds."""

import shutil
from pathlib import Path

import pytest

from stenopool.errors import FatalError
from stenopool.local.commands import Choice
from stenopool.local.engine_choice import choose, fetch
from stenopool.local.errors import StartError

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without any weights but those in the source tree."""
    monkeypatch.setenv("MODEL_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))


@pytest.mark.parametrize("engine", ["", "auto"])
def test_without_weights_pocketsphinx_is_taken(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE", engine)
    assert choose() == Choice("pocketsphinx", "en-us")


def test_weights_on_the_disk_are_taken(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "models" / "demo", tmp_path / "models" / "base")
    assert choose() == Choice("faster-whisper", "base")


def test_the_demo_model_is_taken_when_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_SIZE", "demo")
    assert choose() == Choice("faster-whisper", "demo")


def test_an_engine_named_by_the_operator_is_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE", "fake")
    monkeypatch.setenv("ALLOW_FAKE_ENGINE", "true")
    assert choose() == Choice("fake", "base")


def test_a_wrong_setting_is_told_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE", "whisper")
    with pytest.raises(FatalError, match="ENGINE"):
        choose()


def test_a_folder_without_weights_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(StartError) as refusal:
        choose(str(tmp_path / "nothing"))
    assert "\n" not in str(refusal.value)
    assert "model.bin" in str(refusal.value)


def test_without_a_network_fetching_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    # HF_HUB_OFFLINE is set in all tests: the hub cannot be asked.
    with pytest.raises(StartError, match="base"):
        fetch("base")
    assert "Traceback" not in capfd.readouterr().err
