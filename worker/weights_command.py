"""The command ``python -m worker.weights``: what the local runner asks about weights, answered as one line of JSON.

A process of its own, since the runner may not load model libraries. What a person reads goes to stderr.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from stenopool.errors import StenopoolError
from stenopool.settings import load_settings
from worker.weights import DEMO, find_weights, is_path, missing_weights, resolve_auto
from worker.weights_hub import fetch_weights, missing_bytes, repository_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs ``resolve``, ``fetch`` or ``size``; 0 with JSON on stdout, or 1 with one line on stderr."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if not given.name and given.action != "fetch":
        parser.error(f"{given.action} needs the name of a model")
    answer: Mapping[str, object]
    try:
        match given.action:
            case "resolve":
                answer = _resolve(given.name, given.model_dir)
            case "fetch":
                answer = _fetch(given.name, given.model_dir) if given.name else _fetch_all()
            case _:
                answer = _size(given.name, given.model_dir)
    except StenopoolError as error:
        _say(f"{error.message}: {error.hint}" if error.hint else error.message)
        return 1
    except KeyboardInterrupt:
        _say("interrupted; the next fetch goes on from here")
        return 130
    sys.stdout.write(json.dumps(dict(answer)) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker.weights", description="Finds and fetches Whisper weights.")
    parser.add_argument("action", choices=("resolve", "fetch", "size"))
    parser.add_argument(
        "name",
        nargs="?",
        default="",
        help="a size such as base, a hub repository, a folder, or demo; fetch without one: what the settings name",
    )
    parser.add_argument("--model-dir", type=Path, default=Path("models"), help="folder searched before the hub cache")
    return parser


def _resolve(name: str, model_dir: Path) -> dict[str, str]:
    """Engine and model for ENGINE=auto."""
    found = resolve_auto(name, model_dir)
    return {"engine": found.engine, "model": found.model, "path": str(found.path or "")}


def _fetch(name: str, model_dir: Path) -> dict[str, str]:
    """Fetches what the disk does not have; says how much before it begins."""
    folder = find_weights(name, model_dir)
    if folder is not None:
        _say(f"the weights of {name!r} are on this machine already")
        return {"model": name, "path": str(folder)}
    repository = _repository(name)
    _say(f"fetching {repository} from the hub: {_megabytes(missing_bytes(repository))} MB")
    folder = fetch_weights(repository)
    _say(f"fetched {name!r}")
    return {"model": name, "path": str(folder)}


def _fetch_all() -> dict[str, object]:
    """Fetches what the settings of this environment offer to clients; nothing where the engine needs no weights."""
    settings = load_settings()
    if settings.engine != "faster-whisper":
        _say(f"ENGINE={settings.engine} needs no weights")
        return {"models": []}
    return {"models": [_fetch(name, settings.model_dir) for name in settings.offered_models]}


def _size(name: str, model_dir: Path) -> dict[str, object]:
    """How much a fetch would bring; 0 for weights that are on the disk."""
    if find_weights(name, model_dir) is not None:
        return {"model": name, "megabytes": 0}
    return {"model": name, "megabytes": _megabytes(missing_bytes(_repository(name)))}


def _repository(name: str) -> str:
    if name == DEMO or is_path(name):
        raise missing_weights(name)
    return repository_of(name)


def _megabytes(size_bytes: int) -> int:
    return -(-size_bytes // 1_000_000)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
