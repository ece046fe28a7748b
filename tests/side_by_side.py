"""How the suite is divided among processes: by file, and in rooms of several files that share a thing.

Module-scoped stacks and Redis servers are then started once, and the bare machine is built once. What takes a minute or
more begins first, the rest in the folders' order: nothing long is left for the end, when the other processes are idle.
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
_LONGEST: Final = (
    BARE_MACHINE,
    "tests/integration/worker/test_faults.py",
    SHIPPED_FILES,
    "tests/acceptance/test_setup.py",
    "tests/browser/test_page.py",
    "tests/contract/ledger/test_scripts_against_model.py",
    "tests/deploy/nginx/test_front_door.py",
    WHOLE_STACK,
    "tests/acceptance/test_rolling_restart.py",
    "tests/integration/worker/test_worker.py",
    "tests/acceptance/test_engine_faults.py",
    "tests/chaos/test_short_form.py",
    "tests/chaos/test_failpoints.py",
    "tests/acceptance/test_redis_away.py",
    "tests/clients/test_typescript.py",
)
"""What takes longest, the longest first; some of it mostly waits, and does so beside what works."""


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
        place = {room: at - len(_LONGEST) for at, room in enumerate(_LONGEST)}
        for at, item in enumerate(items):
            place.setdefault(room_of(item.nodeid), at)
        items.sort(key=lambda item: place[room_of(item.nodeid)])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Producer) -> ByRoom:
        """Divides by room, whatever ``--dist`` says, in the order that was made here."""
        config.option.loadscopereorder = False
        return ByRoom(config, log)
