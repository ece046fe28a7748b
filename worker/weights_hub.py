"""Fetches weights from the model hub into its cache: the only place that goes to the network for a model.

The hub's address, cache and token are huggingface_hub's own settings (``HF_ENDPOINT``, ``HF_HOME``, ``HF_TOKEN``).
"""

import difflib
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from stenopool.errors import ErrorCode, FatalError
from worker.weights import is_model
from worker.weights_pins import PINNED

_FILES: Final = ("config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.*")
"""The files that ``faster_whisper.download_model`` takes of a repository."""


def repository_of(name: str) -> str:
    """Hub repository of a model that faster-whisper knows by name; a repository's own name stays.

    Raises:
        FatalError: ``weights_missing`` for a name that nobody knows, with the nearest one.
    """
    # The table has no public door: download_model gives a folder, not the repository's name.
    from faster_whisper.utils import _MODELS  # noqa: PLC0415 - loads the model library

    if "/" in name:
        return name
    if name in _MODELS:
        return str(_MODELS[name])
    near = difflib.get_close_matches(name, _MODELS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"models are: {', '.join(_MODELS)}"
    raise FatalError(ErrorCode.WEIGHTS_MISSING, f"no model is called {name!r}", hint)


def missing_bytes(repository: str) -> int:
    """Bytes that are still to be fetched for a repository, some of which may be in the cache. Asks the hub.

    Raises:
        FatalError: ``weights_missing`` when the hub cannot be reached or does not have it.
    """
    from huggingface_hub import HfApi, snapshot_download  # noqa: PLC0415 - only whoever fetches needs the hub
    from huggingface_hub.utils.tqdm import disable_progress_bars  # noqa: PLC0415 - as above

    try:
        # With a commit given, the download asks for its files at once, and asks a hub that is away for half a minute.
        HfApi().model_info(repository, revision=PINNED.get(repository))
        with disable_progress_bars():
            files = snapshot_download(
                repository, revision=PINNED.get(repository), allow_patterns=list(_FILES), dry_run=True
            )
    except Exception as error:
        raise _unreachable(repository, error) from error
    return sum(file.file_size or 0 for file in files if file.will_download)


def fetch_weights(repository: str) -> Path:
    """Fetches a repository's weights, as pinned, into the hub cache, with the hub's own progress bar where stderr is a terminal.

    An interrupted fetch goes on where it stopped.

    Returns:
        The folder of the snapshot.

    Raises:
        FatalError: ``weights_missing`` when they cannot be fetched or are no CTranslate2 Whisper.
    """
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - as above
    from huggingface_hub.utils.tqdm import disable_progress_bars  # noqa: PLC0415 - as above

    try:
        with nullcontext() if sys.stderr.isatty() else disable_progress_bars():
            folder = Path(snapshot_download(repository, revision=PINNED.get(repository), allow_patterns=list(_FILES)))
    except Exception as error:
        raise _unreachable(repository, error) from error
    if not is_model(folder):
        raise FatalError(
            ErrorCode.WEIGHTS_MISSING,
            f"{repository} is no Whisper for CTranslate2",
            "it needs model.bin, tokenizer.json and vocabulary.json: convert it with ct2-transformers-converter",
        )
    return folder


def _unreachable(repository: str, error: Exception) -> FatalError:
    """One line for whatever went wrong: the hub's client raises errors of three libraries, most of several lines."""
    from huggingface_hub import errors  # noqa: PLC0415 - as above

    cause: BaseException = error
    while isinstance(cause, errors.DryRunError | errors.LocalEntryNotFoundError) and cause.__cause__ is not None:
        cause = cause.__cause__
    if isinstance(cause, errors.OfflineModeIsEnabled):
        return FatalError(ErrorCode.WEIGHTS_MISSING, "HF_HUB_OFFLINE is set", "unset it to fetch weights")
    if isinstance(cause, errors.GatedRepoError):
        hint = "accept its terms on the hub and set HF_TOKEN"
        return FatalError(ErrorCode.WEIGHTS_MISSING, f"the hub wants a token for {repository}", hint)
    if isinstance(cause, errors.RepositoryNotFoundError):
        return FatalError(ErrorCode.WEIGHTS_MISSING, f"the hub has no {repository}", "see huggingface.co/Systran")
    first_line = (str(cause).strip().splitlines() or [""])[0]
    return FatalError(
        ErrorCode.WEIGHTS_MISSING,
        f"{repository} could not be fetched from the hub: {type(cause).__name__} {first_line}".strip(),
        "is this machine online? Elsewhere fetched weights can be copied to MODEL_DIR",
    )
