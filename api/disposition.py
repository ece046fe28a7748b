"""``Content-Disposition`` for names that strangers chose (RFC 6266)."""

import unicodedata
from typing import Final
from urllib.parse import quote

_MAX_CHARS: Final = 100
_SAFE: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._- ()")


def content_disposition(kind: str, stem: str, extension: str, unnamed: str = "transcript") -> str:
    """The header's value.

    ``kind`` is ``inline`` or ``attachment``, ``extension`` has its dot, ``unnamed`` stands where nothing is left of the
    name.

    Plain ASCII stands in ``filename``, which old clients read; the whole name, percent-encoded, in ``filename*``. No
    part can end the header, a quoted string, or lead a client out of its folder.
    """
    name = _bare(stem)[:_MAX_CHARS].strip(" .") or unnamed
    plain = "".join(char if char in _SAFE else "_" for char in _without_marks(name)).strip(" .") or unnamed
    value = f'{kind}; filename="{plain}{extension}"'
    if plain != name:
        value += f"; filename*=UTF-8''{quote(name + extension, safe='')}"
    return value


def _bare(name: str) -> str:
    """The name without folders, without invisible characters and without what the file systems of others forbid."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in last if unicodedata.category(char)[0] != "C" and char not in '<>:"|?*')


def _without_marks(name: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
