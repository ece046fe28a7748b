"""The gate before ``prepare``: what this worker tells the ledger about the room for decoded audio (rule 17)."""

import shutil
from typing import Final

from stenopool.ledger.model import PrepareGate
from stenopool.settings import Settings

_MIB: Final = 1024 * 1024


def prepare_gate(settings: Settings) -> PrepareGate:
    """The gate as the operator set it and as the disk is now. A disk that cannot be asked counts as short."""
    try:
        free_bytes = shutil.disk_usage(settings.data_dir).free
    except OSError:
        free_bytes = 0
    return PrepareGate(settings.prepared_ahead_s, free_bytes < settings.min_free_disk_mb * _MIB)
