"""How the suite is divided among processes: by file, and all that use the bare machine together, in the folders' order.

Module-scoped stacks and Redis servers are then started once, the bare machine is built once, and what takes longest
(``acceptance``) begins first.
"""

import os
from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

BARE_MACHINE: Final = "the bare machine"
_ON_BARE_MACHINE: Final = ("tests/acceptance/test_demo.py", "tests/acceptance/test_up.py")


def processes() -> int:
    """Half as many again as there are cores: two on two cores left them idle for two fifths of the time, waiting."""
    cores = len(os.sched_getaffinity(0))
    return cores + max(1, cores // 2)


def room_of(nodeid: str) -> str:
    """What is kept in one process: tests with the same answer."""
    file = nodeid.partition("::")[0]
    return BARE_MACHINE if file in _ON_BARE_MACHINE else file


class ByRoom(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types.
    """xdist's scheduling by scope, with our idea of a scope."""

    def _split_scope(self, nodeid: str) -> str:
        return room_of(nodeid)


class SideBySide:
    """The pytest plugin of this page. Does nothing where all tests run in one process."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Producer) -> ByRoom:
        """Divides by room, whatever ``--dist`` says; the longest folder stands first and stays there."""
        config.option.loadscopereorder = False
        return ByRoom(config, log)
