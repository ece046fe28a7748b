"""The model: its weights on the disk, and memory for it. By the presence of files: no model library is loaded here."""

import importlib.util
from pathlib import Path
from typing import Final

from stenopool.doctor.finding import Finding, fail, ok, warn
from stenopool.gpus.need import cpu_need
from stenopool.memory import Memory
from stenopool.settings import Settings
from stenopool.sizes import gib, shown_size

_BESIDE_THE_CODE: Final = Path(__file__).resolve().parent.parent.parent / "models"
_DEMO: Final = "demo"
_SNAPSHOTS: Final = "snapshots"
_OWNERS_OF_NAMES: Final = ("Systran", "mobiuslabsgmbh", "distil-whisper")
"""Whose repositories the names of models mean."""


def runs_models() -> bool:
    """Whether a worker could run here at all: in the API's image none can."""
    return importlib.util.find_spec("faster_whisper") is not None


def look_at_weights(settings: Settings, hub_cache: Path) -> Finding:
    """Whether the weights are where a worker looks (``worker/weights.py``). ``hub_cache``: of the hub's own library."""
    if settings.engine != "faster-whisper":
        return ok("weights", f"the engine {settings.engine} needs none")
    if not runs_models():
        return ok("weights", "no worker can run here: not looked for")
    name = settings.model_size
    shown = Path(name).name
    if any(is_whole(folder) for folder in places(name, settings.model_dir, hub_cache)):
        return ok("weights", f"the weights of {shown} are here")
    partial = any(folder.is_dir() for folder in places(name, settings.model_dir, hub_cache))
    return fail(
        "weights",
        f"the weights of {shown} are {'not whole' if partial else 'not here'}: no worker starts",
        f"stenopool model fetch {name}; or MODEL_DIR, a folder with a folder of that name",
    )


def places(name: str, model_dir: Path, hub_cache: Path) -> list[Path]:
    """Folders in which a worker would look, in its order."""
    found = [model_dir / name]
    if name.startswith((".", "~", "/")) or name.count("/") > 1:
        return [*found, Path(name).expanduser()]
    if name == _DEMO:
        return [*found, _BESIDE_THE_CODE / _DEMO]
    repositories = [name] if "/" in name else _repositories(name)
    for repository in repositories:
        snapshots = hub_cache / f"models--{repository.replace('/', '--')}" / _SNAPSHOTS
        found += sorted(snapshots.glob("*"))
    return found


def is_whole(folder: Path) -> bool:
    """Whether a folder holds all that a Whisper for CTranslate2 needs."""
    needed = (folder / "model.bin", folder / "tokenizer.json")
    return all(file.is_file() for file in needed) and any(folder.glob("vocabulary.*"))


def look_at_memory(settings: Settings, memory: Memory | None) -> Finding:
    """Whether the machine, or the container, has memory for the model of one worker on the CPU."""
    if memory is None:
        return ok("memory", "how much memory there is is not told here")
    has = f"{shown_size(memory.total)} of memory, {gib(memory.free)} free"
    if settings.engine != "faster-whisper" or settings.device != "cpu" or not runs_models():
        return ok("memory", has)
    need = cpu_need(settings.model_size, settings.compute_type)
    if need is None:
        return ok("memory", f"{has}; what {Path(settings.model_size).name} needs is not known")
    if memory.total < need.memory_bytes:
        return fail(
            "memory", f"{has}; a worker needs {need}", "more memory, a smaller MODEL_SIZE, or COMPUTE_TYPE=int8"
        )
    if memory.free < need.memory_bytes:
        return warn("memory", f"{has}; one more worker needs {need}", "fewer workers on this machine, or more memory")
    return ok("memory", f"{has}; a worker needs {need}")


def _repositories(name: str) -> list[str]:
    plain = name.removeprefix("distil-")
    names = [f"faster-whisper-{name}", f"faster-distil-whisper-{plain}", f"distil-{plain}-ct2"]
    if name == "turbo":
        names.append("faster-whisper-large-v3-turbo")
    if name == "large":
        names.append("faster-whisper-large-v3")
    return [f"{owner}/{repository}" for owner in _OWNERS_OF_NAMES for repository in names]
