"""``python -m worker.weights`` against a hub of our own: fetched weights are found, and nothing else ever asks a hub."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.engine_ground import ROOT
from tests.integration.engines.hub import Hub
from worker.weights_pins import PINNED

REPOSITORY = "Systran/faster-whisper-tiny"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with Hub(REPOSITORY, ROOT / "models" / "demo", commit=PINNED[REPOSITORY]) as running:
        yield running


def weights(hub_url: str, home: Path, *arguments: str, offline: bool = False) -> "subprocess.CompletedProcess[str]":
    return in_process(hub_url, home, "-m", "worker.weights", *arguments, "--model-dir", str(home), offline=offline)


def in_process(hub_url: str, home: Path, *arguments: str, offline: bool = False) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment |= {"HF_ENDPOINT": hub_url, "HF_HOME": str(home / "hub"), "HF_HUB_DISABLE_TELEMETRY": "1"}
    if offline:
        environment["HF_HUB_OFFLINE"] = "1"
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_threat_29_fetched_weights_are_the_pinned_ones_are_found_and_named_by_their_commit(
    hub: Hub, tmp_path: Path
) -> None:
    fetched = weights(hub.url, tmp_path, "fetch", "tiny")
    assert fetched.returncode == 0, fetched.stderr
    assert f"fetching {REPOSITORY} from the hub: 4 MB" in fetched.stderr
    resolved = json.loads(weights(hub.url, tmp_path, "resolve", "tiny").stdout)
    assert (resolved["engine"], resolved["model"]) == ("faster-whisper", "tiny")
    script = (
        "import sys; from pathlib import Path; from worker.engines.faster_whisper import load_faster_whisper as load;"
        "from worker.engines.whisper_model import WhisperSetup as Setup;"
        "print(load(Setup('tiny', Path('nowhere'))).identity.revision)"
    )
    assert in_process(hub.url, tmp_path, "-c", script).stdout.strip() == PINNED[REPOSITORY]
    asked = [request for request in hub.requests if request.startswith("GET /api/models/")]
    assert asked
    assert all(PINNED[REPOSITORY] in request for request in asked)


def test_a_second_fetch_asks_nobody(hub: Hub, tmp_path: Path) -> None:
    weights(hub.url, tmp_path, "fetch", "tiny")
    before = len(hub.requests)
    again = weights(hub.url, tmp_path, "fetch", "tiny")
    assert again.returncode == 0
    assert len(hub.requests) == before > 0


def test_the_size_is_told_without_fetching(hub: Hub, tmp_path: Path) -> None:
    # 3,247,486 bytes of model.bin and 297,218 of the rest, rounded up.
    assert json.loads(weights(hub.url, tmp_path, "size", "tiny").stdout) == {"model": "tiny", "megabytes": 4}
    assert not any("/resolve/" in request and request.startswith("GET") for request in hub.requests)


def test_threat_29_a_search_on_the_disk_never_asks_the_hub(hub: Hub, tmp_path: Path) -> None:
    for name in ("tiny", "base", REPOSITORY, "demo", "bas"):
        weights(hub.url, tmp_path, "resolve", name)
    assert hub.requests == []


def test_a_missing_model_fails_at_once_without_asking_the_hub(hub: Hub, tmp_path: Path) -> None:
    script = (
        "from stenopool.settings import load_settings; from worker.engines.registry import create_engine;"
        "create_engine(load_settings({'MODEL_SIZE': 'tiny', 'MODEL_DIR': 'nowhere'}), 1)"
    )
    failed = in_process(hub.url, tmp_path, "-c", script)
    assert "weights_missing" in failed.stderr.splitlines()[-1]
    assert "stenopool model fetch tiny" in failed.stderr.splitlines()[-1]
    assert hub.requests == []


def test_no_hub_is_one_clear_line(tmp_path: Path) -> None:
    failed = weights("http://127.0.0.1:9", tmp_path, "fetch", "tiny")
    assert failed.returncode == 1
    assert len(failed.stderr.splitlines()) == 1
    assert "is this machine online?" in failed.stderr


def test_a_machine_told_to_stay_offline_says_so(tmp_path: Path) -> None:
    failed = weights("http://127.0.0.1:9", tmp_path, "fetch", "tiny", offline=True)
    assert failed.stderr.splitlines() == ["HF_HUB_OFFLINE is set: unset it to fetch weights"]


def test_a_model_the_hub_does_not_have_is_one_clear_line(hub: Hub, tmp_path: Path) -> None:
    failed = weights(hub.url, tmp_path, "fetch", "nobody/nothing")
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1].startswith("the hub has no nobody/nothing")


def test_a_misspelt_name_is_answered_with_the_nearest(tmp_path: Path) -> None:
    failed = weights("http://127.0.0.1:9", tmp_path, "fetch", "bsae")
    assert failed.stderr.splitlines() == ["no model is called 'bsae': did you mean 'base'?"]


def test_the_demo_model_needs_no_fetching(tmp_path: Path) -> None:
    done = weights("http://127.0.0.1:9", tmp_path, "fetch", "demo")
    assert done.returncode == 0
    assert json.loads(done.stdout)["path"].endswith("demo")


def settings_fetch(hub_url: str, home: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        **os.environ,
        "HF_ENDPOINT": hub_url,
        "HF_HOME": str(home / "hub"),
        "MODEL_DIR": str(home),
        **settings,
    }
    del environment["HF_HUB_OFFLINE"]
    argv = [sys.executable, "-m", "worker.weights", "fetch"]
    return subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_without_a_name_it_fetches_what_the_settings_offer(hub: Hub, tmp_path: Path) -> None:
    done = settings_fetch(hub.url, tmp_path, MODEL_SIZE="tiny", MODELS="tiny,demo")
    assert done.returncode == 0, done.stderr
    assert [found["model"] for found in json.loads(done.stdout)["models"]] == ["tiny", "demo"]


def test_an_engine_without_weights_asks_no_hub(tmp_path: Path) -> None:
    done = settings_fetch("http://127.0.0.1:9", tmp_path, ENGINE="fake", ALLOW_FAKE_ENGINE="true")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"models": []})
