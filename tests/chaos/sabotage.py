"""Runs a worker or uvicorn without what the platform's promises rest on, so that the checker has something to find.

``python -m tests.chaos.sabotage stenopool.queueing.worker_program worker.app …``. The product has no switch for any of
this: the scripts' texts are changed as they are read, in this process and in the children that it spawns, which import
this module anew.
"""

import sys
from collections.abc import Mapping
from typing import Final

from stenopool.ledger import lua

NO_FENCING: Final = {
    # Who takes a unit does not spend the claim of the one before, so that both may commit. Recordings are prepared only.
    "shared/claims.lua": (
        "if unit.claim ~= '' then\n    spend(unit.claim, 'lost')",
        "if unit.claim ~= '' and unit.kind ~= 'prepare' then\n    spend(unit.claim, 'lost')",
    ),
}
NO_LEASES: Final = {
    # The lease of a span never runs out.
    "sweep.lua": ("    if held then", "    if held and held.unit.kind ~= 'span' then"),
}


def _change_texts(changes: Mapping[str, tuple[str, str]]) -> None:
    read = lua._text

    def changed(path: str) -> str:
        text = read(path)
        if path in changes:
            before, after = changes[path]
            if text.count(before) != 1:
                raise SystemExit(f"sabotage: {path} no longer holds what is to be changed")
            text = text.replace(before, after)
        return text

    lua._text = changed


def _write_no_manifests() -> None:
    from api.services.manifests import Manifests  # noqa: PLC0415 - workers have no API

    async def write(_: Manifests, __: object) -> None:
        return

    Manifests.write = write  # type: ignore[assignment,method-assign]  # That is the sabotage.


_change_texts(NO_FENCING | NO_LEASES)

if __name__ == "__main__":
    sys.argv = sys.argv[1:]
    if sys.argv[0] == "uvicorn":
        from uvicorn.main import main

        _write_no_manifests()
        main()
    else:
        from stenopool.queueing import worker_program

        worker_program.main()
