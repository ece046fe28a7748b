"""Makes the secrets of an installation of containers: ``make secrets``, files in ``secrets/``. Any Python 3.8, no packages.

What exists is never changed, and nothing secret is printed. The folder is its owner's alone; the files in it can be read
by whoever reaches them, for the processes in the containers that are shown one are no owner of anything. A secret is
changed by removing its file and running this again, then restarting what uses it.
"""

from __future__ import annotations

import argparse
import ctypes
import ctypes.util
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

USER = "stenopool"
"""Name to log in with at Flower, Prometheus and Grafana."""

RANDOM = (
    "redis_password",
    "redis_admin_password",
    "api_key",
    "metrics_token",
    "flower_password",
    "prometheus_password",
    "grafana_password",
)
"""Secrets out of nothing, one line of 43 letters, digits, - and _ each."""

MADE_OF = {"flower_config": "flower_password", "prometheus_web_config": "prometheus_password"}
"""Configuration files that hold a password in the form that a program wants: file to password."""

_BCRYPT_LETTERS = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_BCRYPT_COST = "10"


def make_secrets(folder: Path) -> list[str]:
    """Makes what is missing in ``folder``; answers the names of what it made.

    Raises:
        RuntimeError: this machine has nothing that computes bcrypt.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    made = [name for name in RANDOM if _write_new(folder / name, secrets.token_urlsafe(32) + "\n")]
    for name, source in MADE_OF.items():
        file = folder / name
        if source in made and file.exists():
            file.unlink()
        if not file.exists():
            password = (folder / source).read_text(encoding="ascii").strip()
            text = _flower_config(password) if name == "flower_config" else _prometheus_config(password)
            if _write_new(file, text):
                made.append(name)
    return made


def bcrypt(password: str) -> str:
    """A bcrypt hash by the C library, else by Apache's htpasswd: Python itself has none.

    Raises:
        RuntimeError: neither is there.
    """
    hashed = _by_libcrypt(password) or _by_htpasswd(password)
    if hashed is None:
        raise RuntimeError("nothing here computes bcrypt: install apache2-utils (htpasswd) and run this again")
    return hashed


def crypt_with(password: str, salt: str) -> str | None:
    """What crypt(3) of this machine makes of a password; None where there is no such function."""
    library = ctypes.util.find_library("crypt") or "libcrypt.so.1"
    try:
        crypt = ctypes.CDLL(library).crypt
    except (OSError, AttributeError):
        return None
    crypt.restype = ctypes.c_char_p
    hashed: bytes | None = crypt(password.encode(), salt.encode())
    return hashed.decode() if hashed is not None else None


def _by_libcrypt(password: str) -> str | None:
    # 16 bytes in 22 letters: of the last one only two bits count, and these four letters have no others set.
    salt = "".join(secrets.choice(_BCRYPT_LETTERS) for _ in range(21)) + secrets.choice(".Oeu")
    hashed = crypt_with(password, f"$2b${_BCRYPT_COST}${salt}")
    # A library without bcrypt answers "*0", or something that is no bcrypt.
    return hashed if hashed is not None and hashed.startswith("$2b$") and len(hashed) == 60 else None


def _by_htpasswd(password: str) -> str | None:
    program = shutil.which("htpasswd")
    if program is None:
        return None
    command = [program, "-niBC", _BCRYPT_COST, USER]
    done = subprocess.run(command, input=password, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip().partition(":")[2]


def _flower_config(password: str) -> str:
    return f'basic_auth = ["{USER}:{password}"]\n'


def _prometheus_config(password: str) -> str:
    return f"basic_auth_users:\n  {USER}: {bcrypt(password)}\n"


def _write_new(file: Path, text: str) -> bool:
    """Whether the file was made: one that exists stays as it is, and no moment shows half of it."""
    if file.exists():
        return False
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(str(unfinished), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(text)
        unfinished.chmod(0o444)
        os.link(str(unfinished), str(file))
    except FileExistsError:
        return False
    finally:
        unfinished.unlink()
    return True


def main(arguments: list[str] | None = None) -> int:
    """Makes them and says which."""
    parser = argparse.ArgumentParser(prog="make secrets", description="Makes the secrets that are missing.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parent.parent / "secrets")
    folder: Path = parser.parse_args(arguments).folder
    try:
        made = make_secrets(folder)
    except (OSError, RuntimeError) as error:
        print(f"secrets: {error}", file=sys.stderr)
        return 1
    told = {True: f"made {', '.join(made)} in {folder.name}/", False: "all are there, nothing was changed"}
    print(f"secrets: {told[bool(made)]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
