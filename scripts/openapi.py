"""Writes docs/openapi.json, the API's own description of itself: ``scripts/openapi.py [--check]``."""

import json
import sys
from pathlib import Path
from typing import Final

from api.main import create_app
from stenopool.settings import load_settings

DOCUMENT: Final = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"


def described() -> str:
    """The document as it should be; the operator's settings do not change it."""
    return json.dumps(create_app(load_settings({})).openapi(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Writes the file, or with ``--check`` says that it is out of date and exits with 1."""
    text = described()
    if DOCUMENT.exists() and DOCUMENT.read_text("utf-8") == text:
        return
    if "--check" in sys.argv[1:]:
        print(f"docs/{DOCUMENT.name} is out of date: run scripts/openapi.py")
        raise SystemExit(1)
    DOCUMENT.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
