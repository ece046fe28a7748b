"""`make screenshots`: the pictures of the documents, of the page before a whole stack with the demo model."""

import subprocess
import tempfile
from pathlib import Path

import pytest

from stenopool.local.commands import Choice
from stenopool.local.redis_server import find_redis_server
from tests.acceptance.live_stack import ROOT, live_stack
from tests.browser.in_browser import in_browser


def main() -> None:
    """Writes docs/images anew."""
    subprocess.run([ROOT / "scripts" / "web.sh"], check=True)
    images = ROOT / "docs" / "images"
    images.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        with live_stack(find_redis_server(ROOT / ".cache"), Path(folder), Choice("faster-whisper", "demo")) as people:
            in_browser(people, Path(folder) / "told.json", "screenshots", STENOPOOL_IMAGES=str(images))


if __name__ == "__main__":
    main()
