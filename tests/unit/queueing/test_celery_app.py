"""Celery's settings: known to it, the same for everybody, and read by nobody who only imports."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from celery import Celery
from celery.app.defaults import DEFAULTS

from stenopool.queueing.celery_app import celery_settings, ringing_settings, worker_queues
from stenopool.queueing.names import BELL_PREFIX
from stenopool.settings import load_settings

ROOT = Path(__file__).parents[3]
SETTINGS = load_settings({"REDIS_PASSWORD": "p@ss", "MODEL_SIZE": "tiny"})

_PROBE = """
import importlib, json, sys
opened = []
sys.addaudithook(lambda event, _: opened.append(event) if event.startswith("socket.") else None)
for name in sys.argv[1:]:
    importlib.import_module(name)
from stenopool.settings import process_settings
models = [name for name in ("faster_whisper", "ctranslate2", "av", "numpy", "pocketsphinx") if name in sys.modules]
print(json.dumps([process_settings.cache_info().misses, [event for event in opened if "connect" in event], models]))
"""


@pytest.mark.parametrize("settings", [celery_settings(SETTINGS, ("a",)), ringing_settings(SETTINGS)])
def test_celery_knows_every_setting_it_is_given(settings: dict[str, object]) -> None:
    # Celery takes a misspelt name without a word.
    assert settings.keys() <= DEFAULTS.keys()


def test_there_is_no_result_backend_and_nothing_but_json() -> None:
    app = Celery("test", set_as_current=False, fixups=[])
    app.conf.update(celery_settings(SETTINGS, ("a",)))
    assert app.conf.result_backend is None
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"


def test_all_processes_share_key_prefix_and_visibility() -> None:
    listening = celery_settings(SETTINGS, ("a",))["broker_transport_options"]
    ringing = ringing_settings(SETTINGS)["broker_transport_options"]
    assert isinstance(listening, dict)
    assert isinstance(ringing, dict)
    for name in ("global_keyprefix", "visibility_timeout"):
        assert listening[name] == ringing[name]
    assert listening["global_keyprefix"] == BELL_PREFIX


def test_a_listening_socket_is_more_patient_than_one_blocking_pop() -> None:
    options = celery_settings(SETTINGS, ("a",))["broker_transport_options"]
    assert isinstance(options, dict)
    # kombu pops for one second at a time.
    assert options["socket_timeout"] > 1


def test_a_worker_may_listen_to_prepare_and_to_its_model() -> None:
    assert worker_queues(SETTINGS) == ("prepare", "recognise.faster-whisper.tiny")


@pytest.mark.parametrize(
    "modules",
    [
        ("worker.app", "worker.tasks.shift", "worker.lifeline", "worker.main_process"),
        ("beat.app", "beat.tasks.ledger", "beat.tasks.pulse", "beat.tasks.spool", "beat.tasks.usage"),
        ("stenopool.queueing.bell",),
    ],
)
def test_importing_reads_no_setting_connects_nowhere_and_loads_no_model(modules: tuple[str, ...]) -> None:
    # An environment that would be refused: reading it could not go unnoticed either.
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _PROBE, *modules],
        env={"REDIS_PORT": "wrong", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        cwd=ROOT,
    )
    assert json.loads(done.stdout) == [0, [], []]
