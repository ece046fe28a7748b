"""Libraries that would report home do not."""

import os
import subprocess
import sys
from pathlib import Path

LOAD = "{first}import onnxruntime\nfrom faster_whisper.vad import get_vad_model\nget_vad_model()\n"


def files_left(folder: Path, first: str) -> list[str]:
    """Loads the model that finds speech, with ``folder`` for all temporary and personal files; what then lies there."""
    # CI=… would silence the library by itself, and the test would see nothing.
    kept = {name: value for name, value in os.environ.items() if name not in {"CI", "ORT_DISABLE_TELEMETRY"}}
    places = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME"), str(folder))
    code = LOAD.format(first=first)
    subprocess.run([sys.executable, "-c", code], env=kept | places, check=True, timeout=60)
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


def test_the_worker_forbids_onnx_runtime_to_report_home(tmp_path: Path) -> None:
    assert files_left(tmp_path, first="import worker\n") == []
