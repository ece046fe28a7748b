"""No secret lies in the tree: keys of this and of other services, private keys, passwords in addresses."""

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]

SECRETS: Final = {
    "a private key": re.compile(rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}"),
    "a key of ours": re.compile(rb"sk_[0-9a-z]{12}_[A-Za-z0-9_-]{43}"),
    "a key of OpenAI": re.compile(rb"sk-(?:proj-)?[A-Za-z0-9_-]{40}"),
    "a token of GitHub": re.compile(rb"(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60})"),
    "a token of Hugging Face": re.compile(rb"hf_[A-Za-z]{34}"),
    "a key of AWS": re.compile(rb"(?:AKIA|ASIA)[0-9A-Z]{16}"),
    "a token of Slack": re.compile(rb"xox[abprs]-[A-Za-z0-9-]{20}"),
    # Of more than a few letters: `p@ss` and the like stand in tests and examples.
    "a password in an address": re.compile(rb"[a-z+]{4,12}://[^\s:/@'\"{}<>]*:[^\s/@'\"{}<>$]{16,}@"),
}
_PRIVATE: Final = {".venv", ".git", ".cache", "data", "node_modules", "__pycache__"}


def tree() -> list[Path]:
    """What is committed; without git (an archive of the source) everything that a person did not make."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        return [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in ROOT.rglob("*") if not _PRIVATE & set(path.relative_to(ROOT).parts)]


def found_in(body: bytes) -> list[str]:
    return [name for name, pattern in SECRETS.items() if pattern.search(body)]


def test_threat_27_no_secret_lies_in_the_tree() -> None:
    files = [path for path in tree() if path.is_file() and path.suffix != ".lock"]
    assert len(files) > 300
    assert {str(path): found for path in files if (found := found_in(path.read_bytes()))} == {}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("-----BEGIN RSA PRIVATE " + "KEY-----\n" + "M" * 64, "a private key"),
        ("API_KEY=sk_" + "0a1b2c3d4e5f_" + "A" * 43, "a key of ours"),
        ("AKIA" + "A1B2C3D4E5F6G7H8", "a key of AWS"),
        ("redis://:" + "correct-horse-battery" + "@redis:6379/0", "a password in an address"),
    ],
)
def test_the_search_for_secrets_finds_them(text: str, name: str) -> None:
    assert found_in(text.encode()) == [name]
