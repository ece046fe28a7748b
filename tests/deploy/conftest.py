"""One whole stack for all tests that need one: those of a room in tests/side_by_side.py."""

from contextlib import ExitStack
from typing import Final

import pytest

from tests.deploy.whole_stack import WholeStack, whole_stack
from tests.requirements_table import need
from tests.side_by_side import WHOLE_STACK, room_of

_RUNNING: Final = ExitStack()


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> WholeStack:
    """The services of docker-compose.yml on loopback, with nginx and Prometheus; the demo model recognises."""
    need("redis-server", "nginx", "promtool")
    stack = whole_stack(tmp_path_factory.mktemp("whole") / "stack", {"MODEL_SIZE": "demo"})
    return _RUNNING.enter_context(stack)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Stops it after the last test of its room: it would run beside all that comes after."""
    if room_of(item.nodeid) == WHOLE_STACK and (nextitem is None or room_of(nextitem.nodeid) != WHOLE_STACK):
        _RUNNING.close()
