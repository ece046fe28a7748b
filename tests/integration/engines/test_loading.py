"""Loading faster-whisper: what is wrong is said at once, and what runs is what the identity says."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stenopool.errors import ErrorCode, FatalError, UsageError
from stenopool.settings import load_settings
from stenopool.transcripts.options import parse_options
from tests.contract.engine_ground import ROOT
from worker.engines.faster_whisper import load_faster_whisper
from worker.engines.registry import create_engine
from worker.engines.whisper_model import WhisperSetup, weights_revision

MODELS = ROOT / "models"


@pytest.mark.parametrize(("device", "compute_type"), [("cuda:77", "int8"), ("cpu", "float17"), ("cpu", "float16")])
def test_what_this_machine_cannot_offer_is_a_wrong_setting(device: str, compute_type: str) -> None:
    # No machine has 78 GPUs, and no CPU computes float16 efficiently.
    with pytest.raises(FatalError) as raised:
        load_faster_whisper(WhisperSetup("demo", MODELS, device, compute_type))
    assert raised.value.code == ErrorCode.SETTINGS_WRONG
    assert str(MODELS) not in str(raised.value)


def test_a_folder_that_is_no_model_is_a_wrong_setting(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(MODELS / "demo", tmp_path / "broken"))
    (folder / "model.bin").write_bytes(b"not a model")
    with pytest.raises(FatalError) as raised:
        load_faster_whisper(WhisperSetup(str(folder), MODELS))
    assert raised.value.code == ErrorCode.SETTINGS_WRONG
    assert str(tmp_path) not in str(raised.value)


def test_the_identity_says_the_compute_type_that_runs() -> None:
    identity = load_faster_whisper(WhisperSetup("demo", MODELS, compute_type="float32")).identity
    assert (identity.model, identity.compute_type) == ("demo", "float32")


def test_equal_weights_in_two_folders_have_one_revision(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(MODELS / "demo", tmp_path / "copy"))
    assert weights_revision(folder) == weights_revision(MODELS / "demo")


def test_threat_29_other_weights_have_another_revision(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(MODELS / "demo", tmp_path / "copy"))
    with (folder / "model.bin").open("ab") as file:
        file.write(b"x")
    assert weights_revision(folder) != weights_revision(MODELS / "demo")


def test_notes_beside_the_weights_do_not_change_their_revision(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(MODELS / "demo", tmp_path / "copy"))
    (folder / "README.md").write_text("other notes", encoding="utf-8")
    assert weights_revision(folder) == weights_revision(MODELS / "demo")


def test_a_language_without_a_token_is_refused(tmp_path: Path) -> None:
    # Weights before large-v3 have no Cantonese.
    folder = Path(shutil.copytree(MODELS / "demo", tmp_path / "older"))
    tokenizer = folder / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text(encoding="utf-8").replace("<|yue|>", "<|other|>"), encoding="utf-8")
    engine = load_faster_whisper(WhisperSetup(str(folder), MODELS))
    engine.check(parse_options({"language": "zh"}))
    with pytest.raises(UsageError) as raised:
        engine.check(parse_options({"language": "yue"}))
    assert raised.value.code == ErrorCode.LANGUAGE_NOT_SUPPORTED


def test_weights_for_english_alone_refuse_the_rest(tmp_path: Path) -> None:
    # CTranslate2 takes a vocabulary without the empty token for English-only weights (src/models/whisper.cc).
    folder = Path(shutil.copytree(MODELS / "demo", tmp_path / "demo.en"))
    vocabulary = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
    vocabulary[vocabulary.index("")] = "<|unused|>"
    (folder / "vocabulary.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    engine = load_faster_whisper(WhisperSetup(str(folder), MODELS))
    engine.check(parse_options({"language": "en"}))
    for fields, code in (
        ({"language": "de"}, ErrorCode.LANGUAGE_NOT_SUPPORTED),
        ({"task": "translate"}, ErrorCode.TASK_NOT_SUPPORTED),
    ):
        with pytest.raises(UsageError) as raised:
            engine.check(parse_options(fields))
        assert raised.value.code == code


def test_the_registry_makes_the_engine_that_is_set() -> None:
    settings = load_settings({"MODEL_SIZE": "demo", "MODEL_DIR": str(MODELS)})
    assert create_engine(settings, 1).identity.engine == "faster-whisper"


def test_importing_the_registry_loads_no_model_library() -> None:
    script = (
        "import sys, worker.model_cache, worker.engines.registry;"
        "print(sorted({'faster_whisper', 'ctranslate2', 'pocketsphinx', 'onnxruntime'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
