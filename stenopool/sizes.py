"""Sizes in bytes for people; pure."""

from typing import Final

_MIB: Final = 1024**2
_GIB: Final = 1024**3


def shown_size(size_bytes: int) -> str:
    """``4.4 GiB``, or ``12 MiB`` below one."""
    return f"{gib(size_bytes)} GiB" if size_bytes >= _GIB else f"{size_bytes / _MIB:.0f} MiB"


def gib(size_bytes: int) -> str:
    """``4.4``: for a figure that stands beside one with its unit."""
    return f"{size_bytes / _GIB:.1f}"
