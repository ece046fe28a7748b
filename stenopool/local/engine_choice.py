"""Settles, before anything starts, which engine and model all processes get."""

import json
import subprocess
import sys
from typing import Final

from stenopool.local.commands import Choice
from stenopool.local.errors import StartError
from stenopool.settings import child_environment, load_settings

DEMO: Final = Choice("faster-whisper", "demo")
"""The small model that comes with the source; right for the repository's own sample and nothing else."""

_RESOLVE_LIMIT_S: Final = 60


def choose(model: str = "") -> Choice:
    """The engine that ENGINE names; without it or with ``auto`` what the disk holds. ``model`` wins over MODEL_SIZE.

    Raises:
        StartError: neither weights nor PocketSphinx are there, with the line that gets them.
        FatalError: ``settings_wrong``.
    """
    given = child_environment({"MODEL_SIZE": model} if model else {})
    if model or given.get("ENGINE", "auto") in {"", "auto"}:
        settings = load_settings(given | {"ENGINE": ""})
        found = _run_weights("resolve", settings.model_size, "--model-dir", str(settings.model_dir))
        return Choice(found["engine"], found["model"])
    settings = load_settings(given)
    return Choice(settings.engine, settings.model_size)


def fetch(model: str) -> None:
    """Fetches weights from the hub unless they are on the disk; shows its own progress.

    Raises:
        StartError: they could not be fetched.
    """
    settings = load_settings(child_environment({"ENGINE": ""}))
    # What a person reads comes on its error output; the answer for programs is not needed here.
    command = [sys.executable, "-m", "worker.weights", "fetch", model, "--model-dir", str(settings.model_dir)]
    if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:
        raise StartError(f"without the weights of {model!r} there is nothing to start")


def _run_weights(*arguments: str) -> dict[str, str]:
    # A process of its own: the runner never loads a model library.
    done = subprocess.run(
        [sys.executable, "-m", "worker.weights", *arguments],
        capture_output=True,
        text=True,
        timeout=_RESOLVE_LIMIT_S,
        check=False,
        env=child_environment({"HF_HUB_OFFLINE": "1", "ENGINE": None}),
        start_new_session=True,
    )
    try:
        answer = json.loads(done.stdout.splitlines()[-1])
        return {str(name): str(value) for name, value in answer.items()}
    except (IndexError, ValueError):
        # Whatever went wrong, its last line says it best.
        raise StartError((done.stderr.strip().splitlines() or ["the weights could not be looked for"])[-1]) from None
