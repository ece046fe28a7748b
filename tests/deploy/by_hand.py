"""The commands of docs/how-to/run-each-process-by-hand.md, which every way to install runs in its own words."""

import re
import shlex
from pathlib import Path


def commands(root: Path) -> list[list[str]]:
    """Every command of the page that starts a process of ours, as words."""
    text = (root / "docs/how-to/run-each-process-by-hand.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [
        shlex.split(line, comments=True) for line in lines if line.startswith(("uvicorn ", "celery ", "python -m "))
    ]
