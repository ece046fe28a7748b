"""Start-up checks of the Celery processes: wait a while for what may come, stop in one line for what will not."""

import time
from collections.abc import Mapping
from typing import Final

from stenopool.checks import Level, require, startup_checks
from stenopool.errors import ErrorCode, FatalError, TransientError
from stenopool.failpoints import arm
from stenopool.ledger.ledger import Ledger
from stenopool.logs import get_logger
from stenopool.media.local_store import LocalStore
from stenopool.redis_pools import redis_client
from stenopool.settings import Settings

START_LIMIT_S: Final = 60.0
"""Redis and the disk may start at the same time as we do."""

_PAUSE_S: Final = 1.0

_log = get_logger(__name__)


def make_sure(settings: Settings, process: str, limit_s: float = START_LIMIT_S) -> None:
    """Checks what the process stands on, waiting up to ``limit_s`` seconds for what may come by itself.

    A lost ledger does not stop the start: nothing can be claimed from it until it is rebuilt.

    Raises:
        SystemExit: with one line about what is wrong.
    """
    arm(settings.fail_at, settings.data_dir / "run")
    until = time.monotonic() + limit_s
    while True:
        try:
            _check(settings)
        except TransientError as error:
            if error.code is ErrorCode.LEDGER_LOST:
                return
            if time.monotonic() > until:
                raise SystemExit(f"{process}: {error.message}") from None
            time.sleep(_PAUSE_S)
        except FatalError as error:
            raise SystemExit(f"{process}: {error.message}") from None
        else:
            return


def _check(settings: Settings) -> None:
    with redis_client(settings.redis_address) as client:
        checks = startup_checks(
            settings, client, Ledger(client, _ring_nothing), LocalStore(settings.data_dir / "store")
        )
    for check in checks:
        if check.level is not Level.OK:
            _log.warning("startup_check", check=check.name, level=str(check.level), line=check.line)
    require(checks)


def _ring_nothing(_bells: Mapping[str, int]) -> None:
    """Looking at a ledger makes no work."""
