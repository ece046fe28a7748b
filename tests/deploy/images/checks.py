"""What must be true of the Dockerfiles, as far as it can be told without building them."""

import re
from pathlib import Path
from typing import Final

from tests.deploy.images.dockerfile import Instruction, instructions, is_ignored, lineage, stages

DOCKERFILES: Final = ("Dockerfile.api", "Dockerfile.worker")

MODEL_CODE: Final = ("av", "ctranslate2", "faster-whisper", "huggingface-hub", "numpy", "onnxruntime", "pocketsphinx")
"""Packages of the worker's image alone."""

NEVER_SENT: Final = (
    ".env",
    "secrets/redis_password",
    ".git/config",
    "data/store/x",
    "tests/conftest.py",
    ".venv/bin/x",
)
"""What no builder may see, whatever a COPY says."""

_USER: Final = "10001:10001"
_PIP: Final = ("--require-hashes", "--only-binary :all:", "--no-cache-dir")
_SECRET: Final = re.compile(r"PASSWORD|TOKEN|SECRET|API_KEY|JWT_KEY")


def check_copies(root: Path) -> list[str]:
    """Everything that is copied exists and reaches the builder; a pattern in brackets may match nothing."""
    faults = []
    for name in DOCKERFILES:
        for copy in instructions(root / name):
            if copy.word != "COPY" or "from" in copy.flags:
                continue
            for source in copy.arguments[:-1]:
                plain = source.replace("[", "").replace("]", "")
                if plain == source and not (root / source).exists():
                    faults.append(f"{name}: there is no {source} to copy")
                if is_ignored(plain, root / ".dockerignore"):
                    faults.append(f"{name}: .dockerignore keeps {plain} from the builder")
    return faults


def check_context(root: Path) -> list[str]:
    """Neither secrets nor data nor history are sent to a builder."""
    return [f"the builder is sent {path}" for path in NEVER_SENT if not is_ignored(path, root / ".dockerignore")]


def check_packages(root: Path) -> list[str]:
    """Packages come from locks that exist, by pip, with hashes, built by others; never from anywhere else."""
    faults = []
    for name in DOCKERFILES:
        runs = [
            found.text for found in instructions(root / name) if found.word == "RUN" and "pip install" in found.text
        ]
        faults += [] if runs else [f"{name} installs nothing"]
        for run in runs:
            faults += [f"{name}: pip without {flag}" for flag in _PIP if flag not in run]
            locks = _locks(run)
            faults += [] if locks else [f"{name}: pip without a lock"]
            faults += [f"{name}: there is no {lock}" for lock in locks if not (root / "requirements" / lock).is_file()]
    return faults


def check_user(root: Path) -> list[str]:
    """The process is nobody in particular, its folders are its own, and tini stands before it."""
    faults = []
    for name in DOCKERFILES:
        final = lineage(root / name)
        if _last(final, "USER") != _USER:
            faults.append(f"{name} does not run as {_USER}")
        if not _last(final, "ENTRYPOINT").startswith('["/usr/bin/tini"'):
            faults.append(f"{name} starts without tini")
        if not any("install -d -o 10001 -g 10001 /data /models" in found.text for found in final):
            faults.append(f"{name} leaves /data or /models to root")
    return faults


def check_bases(root: Path) -> list[str]:
    """Each base has a tag that does not wander from one release to the next; Python is the slim 3.12 of the locks."""
    faults = []
    for name in DOCKERFILES:
        built = {stage[0].arguments[-1] for stage in stages(root / name) if len(stage[0].arguments) > 1}
        for base in (stage[0].arguments[0] for stage in stages(root / name)):
            if base in built:
                continue
            image, _, tag = base.partition(":")
            if not tag or tag == "latest":
                faults.append(f"{name}: {base} is not pinned")
            if image == "python" and not tag.startswith("3.12-slim"):
                faults.append(f"{name}: {base} is another Python than the image's library path says")
    return faults


def check_health(root: Path) -> list[str]:
    """The health check is ours, in Python: the images have no curl."""
    faults = []
    for name in DOCKERFILES:
        command = _last(lineage(root / name), "HEALTHCHECK").partition("CMD ")[2]
        if not command.startswith('["python", "-m", "stenopool.alive",'):
            faults.append(f"{name} has no health check, or not stenopool.alive")
        faults += [
            f"{name} uses {program}"
            for program in ("curl", "wget", "apk ")
            if any(program in found.text for found in instructions(root / name) if found.word in {"RUN", "HEALTHCHECK"})
        ]
    return faults


def check_api_is_light(root: Path) -> list[str]:
    """No model code in the image of the API: not ours, and none of the packages in its lock."""
    locked = {line.partition("==")[0] for line in (root / "requirements/api.lock").read_text("utf-8").splitlines()}
    faults = [f"requirements/api.lock holds {package}" for package in MODEL_CODE if package in locked]
    copied = {
        word for found in instructions(root / "Dockerfile.api") if found.word == "COPY" for word in found.arguments
    }
    return faults + [f"Dockerfile.api copies {folder}" for folder in ("worker", "models/demo", ".") if folder in copied]


def check_gpu(root: Path) -> list[str]:
    """The GPU variant brings cuBLAS and no cuDNN, and the loader finds it; CPU is what is built without a word."""
    faults = []
    dockerfile = root / "Dockerfile.worker"
    if Instruction("ARG", "VARIANT=cpu") not in instructions(dockerfile):
        faults.append("VARIANT is not cpu by default")
    runs = " ".join(found.text for found in instructions(dockerfile) if found.word == "RUN")
    for kind in ("cpu) lock=worker.lock ", "gpu) lock=worker-gpu.lock "):
        faults += [] if kind in runs else [f"a variant does not take its lock: {kind}"]
    lock = (root / "requirements/worker-gpu.lock").read_text("utf-8")
    if "nvidia-cublas-cu12==" not in lock:
        faults.append("requirements/worker-gpu.lock has no nvidia-cublas-cu12")
    if "cudnn" in lock:
        faults.append("requirements/worker-gpu.lock has a cuDNN that nobody needs")
    path = _environment(lineage(dockerfile)).get("LD_LIBRARY_PATH", "").split(":")
    if "/opt/stenopool/lib/python3.12/site-packages/nvidia/cublas/lib" not in path:
        faults.append("LD_LIBRARY_PATH does not lead to cuBLAS")
    return faults


def check_environment(root: Path) -> list[str]:
    """What each image says of itself: its labels, its folders, and no secret."""
    faults = []
    for name in DOCKERFILES:
        final = lineage(root / name)
        labels = {key for found in final if found.word == "LABEL" for key in found.pairs}
        wanted = ("title", "description", "licenses", "version", "revision")
        faults += [f"{name} has no label {key}" for key in wanted if f"org.opencontainers.image.{key}" not in labels]
        environment = _environment(final)
        expected = {"DATA_DIR": "/data", "MODEL_DIR": "/models", "ENVIRONMENT": "production"}
        faults += [f"{name}: {key} is not {value}" for key, value in expected.items() if environment.get(key) != value]
        told = [found.text for found in instructions(root / name) if found.word in {"ENV", "ARG"}]
        faults += [f"{name} bakes in a secret" for text in told if _SECRET.search(text)]
    return faults


def _locks(run: str) -> list[str]:
    """Locks that a RUN with pip may take: named behind ``-r``, or the values of the variable that is."""
    named = re.findall(r"-r \"?/build/requirements/(\$\{lock\}|[\w.-]+)\"?", run)
    return [lock for name in named for lock in (re.findall(r"lock=([\w.-]+)", run) if name == "${lock}" else [name])]


def _environment(found: list[Instruction]) -> dict[str, str]:
    return {
        key: value for instruction in found if instruction.word == "ENV" for key, value in instruction.pairs.items()
    }


def _last(found: list[Instruction], word: str) -> str:
    return next((instruction.text for instruction in reversed(found) if instruction.word == word), "")


CHECKS: Final = (
    check_copies,
    check_context,
    check_packages,
    check_user,
    check_bases,
    check_health,
    check_api_is_light,
    check_gpu,
    check_environment,
)
