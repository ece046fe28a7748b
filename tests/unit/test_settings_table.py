"""README.md and .env.example tell the settings as the code has them."""

import subprocess
import sys
from pathlib import Path

from stenopool.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def test_readme_and_example_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/settings_table.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_example_names_every_setting() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    named = {line.removeprefix("# ").partition("=")[0] for line in lines if "=" in line}
    assert {name.upper() for name in Settings.model_fields} <= named
