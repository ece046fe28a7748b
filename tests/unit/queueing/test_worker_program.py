"""A worker without the umbrella command."""

import subprocess
import sys

import pytest

LOOK = """
import sys
from stenopool.queueing import worker_program
assert not [name for name in sys.modules if name.startswith(("celery", "kombu"))], "spawned children load it anew"
try:
    worker_program.main(["worker.app", "--help"])
finally:
    print("loaded:", sorted({name.partition(".")[0] for name in sys.modules}))
"""


@pytest.fixture(scope="module")
def help_text() -> str:
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def test_it_takes_the_options_of_celery_s_worker(help_text: str) -> None:
    assert "Start worker instance" in help_text
    for option in ("--queues", "--hostname", "--pool", "--concurrency", "--beat", "--without-mingle"):
        assert option in help_text


def test_it_loads_no_other_command_no_shell_no_plugin_and_no_pretty_tracebacks(help_text: str) -> None:
    loaded = help_text.rpartition("loaded:")[2]
    assert "'celery'" in loaded
    for name in ("click_repl", "prompt_toolkit", "click_plugins", "flower", "tornado", "rich"):
        assert f"'{name}'" not in loaded
