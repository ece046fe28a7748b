"""How the suite is divided among processes: by file, in the folders' order, and in rooms of several files that share a thing.

Module-scoped stacks and Redis servers are then started once, the bare machine is built once, and what takes longest
(``acceptance``) begins first.
"""

import os
from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

BARE_MACHINE: Final = "the bare machine"
WHOLE_STACK: Final = "the whole stack"
SHIPPED_FILES: Final = "checks of shipped files"
_ROOMS: Final = {
    "tests/acceptance/test_demo.py": BARE_MACHINE,
    "tests/acceptance/test_up.py": BARE_MACHINE,
    "tests/deploy/compose/test_live_compose.py": WHOLE_STACK,
    "tests/deploy/monitoring/test_watching.py": WHOLE_STACK,
    "tests/deploy/test_whole_stack.py": WHOLE_STACK,
    "tests/deploy/compose/test_compose_files.py": SHIPPED_FILES,
    "tests/deploy/images/test_images.py": SHIPPED_FILES,
    "tests/deploy/k8s/test_manifests.py": SHIPPED_FILES,
    "tests/deploy/monitoring/test_monitoring.py": SHIPPED_FILES,
    "tests/deploy/nginx/test_shipped.py": SHIPPED_FILES,
    "tests/deploy/operators/test_operators.py": SHIPPED_FILES,
    "tests/deploy/systemd/test_units.py": SHIPPED_FILES,
    "tests/deploy/test_mutations.py": SHIPPED_FILES,
}


def processes() -> int:
    """Half as many again as there are cores: two on two cores left them idle for two fifths of the time, waiting."""
    cores = len(os.sched_getaffinity(0))
    return cores + max(1, cores // 2)


def room_of(nodeid: str) -> str:
    """What is kept in one process: tests with the same answer."""
    file = nodeid.partition("::")[0]
    return _ROOMS.get(file, file)


class ByRoom(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types.
    """xdist's scheduling by scope, with our idea of a scope."""

    def _split_scope(self, nodeid: str) -> str:
        return room_of(nodeid)


class SideBySide:
    """The pytest plugin of this page."""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Puts the tests of a room behind one another, in one process, too: whatever they share ends with the last."""
        first: dict[str, int] = {}
        for at, item in enumerate(items):
            first.setdefault(room_of(item.nodeid), at)
        items.sort(key=lambda item: first[room_of(item.nodeid)])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Producer) -> ByRoom:
        """Divides by room, whatever ``--dist`` says; the longest folder stands first and stays there."""
        config.option.loadscopereorder = False
        return ByRoom(config, log)
