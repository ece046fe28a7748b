"""The written reference tells the metrics as the code has them."""

import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[3]


def test_the_tables_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/metrics_table.py", "--check"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
