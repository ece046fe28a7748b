"""The commits at which weights are taken from the hub, so that everybody who names a model gets the same bytes.

A branch of a repository may move. These are the commits that public records name for the repositories' ``main``, each
found in several of them; a repository that is not listed is taken as it is on the day.
"""

from collections.abc import Mapping
from typing import Final

PINNED: Final[Mapping[str, str]] = {
    "Systran/faster-whisper-tiny": "d90ca5fe260221311c53c58e660288d3deb8d356",
    "Systran/faster-whisper-tiny.en": "0d3d19a32d3338f10357c0889762bd8d64bbdeba",
    "Systran/faster-whisper-base": "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66",
    "Systran/faster-whisper-base.en": "3d3d5dee26484f91867d81cb899cfcf72b96be6c",
    "Systran/faster-whisper-small": "536b0662742c02347bc0e980a01041f333bce120",
    "Systran/faster-whisper-small.en": "d1d751a5f8271d482d14ca55d9e2deeebbae577f",
    "Systran/faster-whisper-medium": "08e178d48790749d25932bbc082711ddcfdfbc4f",
    "Systran/faster-whisper-medium.en": "a29b04bd15381511a9af671baec01072039215e3",
    "Systran/faster-whisper-large-v2": "f0fe81560cb8b68660e564f55dd99207059c092e",
    "Systran/faster-whisper-large-v3": "edaa852ec7e145841d8ffdb056a99866b5f0a478",
    "mobiuslabsgmbh/faster-whisper-large-v3-turbo": "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
}
"""Hub repository to commit."""


def pinned_revision(name: str) -> str | None:
    """Commit of a model that faster-whisper knows by name, or of a repository; None where nothing is pinned."""
    # The table has no public door: download_model gives a folder, not the repository's name.
    from faster_whisper.utils import _MODELS  # noqa: PLC0415 - loads the model library

    return PINNED.get(_MODELS.get(name, name))
