"""What the doctor says of weights and memory; where it looks is where a worker looks."""

from pathlib import Path

import pytest
from faster_whisper.utils import _MODELS

from stenopool.doctor.finding import Level
from stenopool.doctor.of_models import is_whole, look_at_memory, look_at_weights, places
from stenopool.memory import Memory
from stenopool.settings import load_settings
from worker.weights import find_weights, is_model

GIB = 1024**3
COMMIT = "0" * 40


def whole(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in ("model.bin", "tokenizer.json", "vocabulary.txt"):
        (folder / name).write_bytes(b"")
    return folder


def weights(tmp_path: Path, **given: str) -> tuple[Level, str]:
    settings = load_settings({"MODEL_DIR": str(tmp_path / "models"), **given})
    found = look_at_weights(settings, tmp_path / "hub")
    return found.level, found.found


def test_missing_weights_fail_with_the_line_that_fetches_them(tmp_path: Path) -> None:
    found = look_at_weights(load_settings({"MODEL_DIR": str(tmp_path), "MODEL_SIZE": "small"}), tmp_path / "hub")
    assert (found.level, "not here" in found.found) == (Level.FAIL, True)
    assert "stenopool model fetch small" in found.remedy


def test_half_a_folder_fails_as_such(tmp_path: Path) -> None:
    (whole(tmp_path / "models" / "base") / "tokenizer.json").unlink()
    level, line = weights(tmp_path)
    assert (level, "not whole" in line) == (Level.FAIL, True)


def test_weights_are_found_in_the_models_folder_in_the_hub_cache_and_by_path(tmp_path: Path) -> None:
    whole(tmp_path / "models" / "base")
    whole(tmp_path / "hub" / "models--Systran--faster-whisper-small" / "snapshots" / COMMIT)
    mine = whole(tmp_path / "srv" / "mine")
    for name in ("base", "small", "Systran/faster-whisper-small", str(mine), "demo"):
        assert weights(tmp_path, MODEL_SIZE=name)[0] is Level.OK, name


def test_another_engine_needs_none(tmp_path: Path) -> None:
    assert weights(tmp_path, ENGINE="pocketsphinx")[0] is Level.OK


@pytest.mark.parametrize("name", ["base", "demo", "mine"])
def test_a_worker_finds_what_the_doctor_finds(tmp_path: Path, name: str) -> None:
    if name == "base":
        whole(tmp_path / "base")
    found = [folder for folder in places(name, tmp_path, tmp_path / "hub") if is_whole(folder)]
    theirs = find_weights(name, tmp_path) if name != "mine" else None
    assert (found[0].resolve() if found else None) == theirs


def test_what_is_whole_is_so_for_a_worker_too(tmp_path: Path) -> None:
    folder = whole(tmp_path / "a")
    assert is_whole(folder)
    assert is_model(folder)
    (folder / "vocabulary.txt").unlink()
    assert not is_whole(folder)
    assert not is_model(folder)


@pytest.mark.parametrize("name", sorted(_MODELS))
def test_every_name_that_the_engine_knows_leads_to_its_repository(tmp_path: Path, name: str) -> None:
    folder = tmp_path / f"models--{_MODELS[name].replace('/', '--')}" / "snapshots" / COMMIT
    whole(folder)
    assert folder in places(name, tmp_path / "models", tmp_path)


def memory(total_gib: float, free_gib: float, **given: str) -> Level:
    settings = load_settings({"MODEL_SIZE": "small", **given})
    return look_at_memory(settings, Memory(free=round(free_gib * GIB), total=round(total_gib * GIB))).level


def test_a_container_that_is_smaller_than_the_model_fails() -> None:
    # 1.5 GiB for small in int8.
    assert memory(1, 1) is Level.FAIL


def test_memory_that_others_hold_is_warned_of() -> None:
    assert memory(8, 1) is Level.WARN
    assert memory(8, 7) is Level.OK


def test_on_a_gpu_the_machines_memory_is_only_told() -> None:
    assert memory(1, 1, DEVICE="cuda") is Level.OK
    assert look_at_memory(load_settings({}), None).level is Level.OK
