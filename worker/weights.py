"""Finds a model's weights on the disk, and settles ENGINE=auto; never asks a network."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stenopool.errors import ErrorCode, FatalError
from worker.weights_pins import pinned_revision

DEMO: Final = "demo"
"""Name of the small model that comes with the project's source (models/demo/README.md)."""

POCKETSPHINX_MODEL: Final = "en-us"
"""The one model inside PocketSphinx's wheel."""

_BESIDE_THE_CODE: Final = Path(__file__).resolve().parent.parent / "models"


def find_weights(name: str, model_dir: Path) -> Path | None:
    """Folder of the weights called ``name``, None where the disk has none that are whole.

    Looked at in turn: ``model_dir/name``, ``name`` as a path, ``models/`` beside the code for ``demo``, the hub cache
    (``HF_HOME``) for the names and repositories that faster-whisper knows.
    """
    places = [model_dir / name]
    if is_path(name):
        places.append(Path(name).expanduser())
    if name == DEMO:
        places.append(_BESIDE_THE_CODE / DEMO)
    for place in places:
        if is_model(place):
            return place.resolve()
    return None if is_path(name) or name == DEMO else _in_hub_cache(name)


def is_model(folder: Path) -> bool:
    """Whether a folder holds a whole CTranslate2 Whisper.

    Without its ``tokenizer.json`` faster-whisper would fetch one from the network, so that file is part of the whole.
    """
    needed = (folder / "model.bin", folder / "tokenizer.json")
    return all(file.is_file() for file in needed) and any(folder.glob("vocabulary.*"))


def missing_weights(name: str) -> FatalError:
    """The error for weights that are not on the disk, with what to do."""
    if name == DEMO:
        hint = "the demo model is in the source tree: set MODEL_DIR to its models folder"
    elif is_path(name):
        hint = (
            "MODEL_SIZE names a folder: it needs model.bin, tokenizer.json and vocabulary.json of a CTranslate2 Whisper"
        )
    else:
        hint = f"fetch them with: stenopool model fetch {name}"
    shown = Path(name).name if is_path(name) else name
    return FatalError(ErrorCode.WEIGHTS_MISSING, f"the weights of {shown!r} are not on this machine", hint)


@dataclass(frozen=True, slots=True)
class ResolvedEngine:
    """What ENGINE=auto came to."""

    engine: str
    model: str
    path: Path | None = None
    """Folder of the weights; None where the engine brings its own."""


def resolve_auto(name: str, model_dir: Path) -> ResolvedEngine:
    """Engine and model for ENGINE=auto: faster-whisper where the weights called ``name`` lie, else PocketSphinx.

    The demo model is never a fallback: on human speech it writes nonsense.

    Raises:
        FatalError: ``weights_missing`` when there is neither.
    """
    path = find_weights(name, model_dir)
    if path is not None:
        return ResolvedEngine("faster-whisper", name, path)
    # Who asks for the demo model by name, or for a folder, wants that and nothing else.
    if name != DEMO and not is_path(name) and importlib.util.find_spec("pocketsphinx") is not None:
        return ResolvedEngine("pocketsphinx", POCKETSPHINX_MODEL)
    raise missing_weights(name)


def display_name(name: str) -> str:
    """The model's name as transcripts show it: of a folder only its last part."""
    return Path(name).name if is_path(name) else name


def is_path(name: str) -> bool:
    """Whether a model's name is a place on the disk, and not a repository ``owner/name`` or a size."""
    return name.startswith((".", "~", "/")) or name.count("/") > 1 or ("/" in name and Path(name).is_dir())


def _in_hub_cache(name: str) -> Path | None:
    from faster_whisper import download_model  # noqa: PLC0415 - loads the model library
    from huggingface_hub.errors import LocalEntryNotFoundError  # noqa: PLC0415 - as above

    # Else what some other program fetched as the repository's main.
    for revision in dict.fromkeys((pinned_revision(name), None)):
        try:
            # With local_files_only it answers from the cache's own folders, whatever HF_HUB_OFFLINE says.
            folder = Path(download_model(name, local_files_only=True, revision=revision))
        except (ValueError, LocalEntryNotFoundError):
            continue
        if is_model(folder):
            return folder
    return None


if __name__ == "__main__":
    import sys

    from worker.weights_command import main

    sys.exit(main())
