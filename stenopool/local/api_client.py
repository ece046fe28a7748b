"""The few HTTP calls that the local runner makes to its own API."""

import mimetypes
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

import httpx

from stenopool.local.commands import Choice
from stenopool.local.errors import StartError

_Files = dict[str, tuple[str, BinaryIO, str]]
_TIMEOUT: Final = httpx.Timeout(10.0, write=None)


class ApiClient:
    """Talks to the API on this machine. Proxies of the environment are not asked: they cannot reach loopback."""

    def __init__(self, address: str) -> None:
        self._http = httpx.Client(base_url=address, timeout=_TIMEOUT, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def missing_for_work(self, choice: Choice) -> str:
        """What a job submitted now would wait for in vain; empty when nothing is missing."""
        try:
            health = self._http.get("/health").json()
        except (httpx.TransportError, ValueError):
            return "the API does not answer"
        return missing_in(health, choice)

    def submit(self, file: Path) -> str:
        """Uploads a recording; the job's id."""
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        with file.open("rb") as body:
            return str(self._ask("POST", "/transcribe", {"file": (file.name, body, kind)})["job_id"])

    def status(self, job_id: str) -> dict[str, Any]:
        """The job's status."""
        return self._ask("GET", f"/status/{job_id}")

    def result(self, job_id: str) -> dict[str, Any]:
        """The transcript of a completed job."""
        return self._ask("GET", f"/result/{job_id}")

    def _ask(self, method: str, path: str, files: _Files | None = None) -> dict[str, Any]:
        try:
            answer = self._http.request(method, path, files=files)
            body = dict(answer.json())
        except (httpx.TransportError, ValueError) as error:
            raise StartError(f"the API does not answer as it should ({type(error).__name__})") from error
        if answer.is_error:
            raise StartError(
                str(body.get("detail") or body.get("title") or answer.status_code), str(body.get("hint") or "")
            )
        return body


def missing_in(health: Mapping[str, Any], choice: Choice) -> str:
    """What the answer of ``/health`` says is missing for work to be done; empty when nothing is."""
    workers = health.get("workers", {})
    checks = health.get("checks", {})
    wrong = [name for name in ("redis", "store") if checks.get(name, {}).get("status") != "healthy"]
    wrong += [f"the {name} worker" for name in ("prepare", "recognise") if not workers.get(name)]
    if checks.get("beat", {}).get("status") != "healthy":
        wrong.append("the housekeeper")
    if health.get("engine") != choice.engine:
        # Somebody else's API on the port that was free a moment ago.
        wrong.append(f"an API for {choice.engine}")
    return ", ".join(wrong)
