"""Which server, and with which key: the environment, else what ``stenopool login`` kept."""

import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from stenopool_client import AsyncClient, Client, Retries, StenopoolError
from stenopool_client._settings import DEFAULT_URL

PATIENT: Final = Retries(limit=8, base_s=1.0, cap_s=30.0, patience_s=3600.0)
"""A person waits for many files at once: an hour's worth of being told to come again."""


class WrongPlaceError(StenopoolError):
    """The address or the key that was told cannot be one, or the file of the login is broken."""


@dataclass(frozen=True, slots=True)
class Place:
    """An address and a key, which is not shown."""

    url: str
    api_key: str | None = field(default=None, repr=False)


def file_of_login() -> Path:
    """Where the login is kept (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "stenopool" / "client.json"


def place() -> Place:
    """The server that commands talk to. A key that was kept goes to the address it was kept for and to no other.

    Raises:
        WrongPlaceError: the file of the login is broken.
    """
    url, key = os.environ.get("STENOPOOL_URL"), os.environ.get("STENOPOOL_API_KEY")
    kept = _kept()
    if kept is None or (url and url.rstrip("/") != kept.url):
        return Place(url or DEFAULT_URL, key or None)
    return Place(kept.url, key or kept.api_key)


def keep(given: Place) -> Path:
    """Keeps a login, readable by its owner alone; the file is whole at every moment."""
    path = file_of_login()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp makes it 0600.
    number, name = tempfile.mkstemp(dir=path.parent, prefix=".client-")
    with os.fdopen(number, "w", encoding="utf-8") as file:
        json.dump({"url": given.url.rstrip("/"), "api_key": given.api_key}, file, indent=2)
        file.write("\n")
    Path(name).replace(path)
    return path


def _kept() -> Place | None:
    path = file_of_login()
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Place(str(told["url"]), told.get("api_key"))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise WrongPlaceError(f"{path} is broken; make it anew by `stenopool login`") from error


def client() -> Client:
    """A client of that server."""
    here = place()
    try:
        return Client(here.url, here.api_key)
    except ValueError as error:
        raise WrongPlaceError(str(error)) from None


def patient_client() -> AsyncClient:
    """A client for many files, which waits when it is told to."""
    here = place()
    try:
        return AsyncClient(here.url, here.api_key, retries=PATIENT)
    except ValueError as error:
        raise WrongPlaceError(str(error)) from None
