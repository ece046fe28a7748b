"""A client of events as a browser is one: reads in the background, knows the last id, comes back behind it."""

import json
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from tests.waiting import wait_until


@dataclass(frozen=True)
class Heard:
    name: str
    data: dict[str, Any]
    place: str | None

    @property
    def text(self) -> str:
        return str(self.data["segment"]["text"])


class Listener:
    """One stream, until it ends or is cut."""

    def __init__(
        self, address: str, path: str, place: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        given = {**(headers or {}), **({"Last-Event-ID": place} if place else {})}
        self._client = httpx.Client(base_url=address, trust_env=False, timeout=30, headers=given)
        self._path = path
        self.events: list[Heard] = []
        self.place = place
        self.status = 0
        self.retry_ms: int | None = None
        self.has_ended = threading.Event()
        self._response: httpx.Response | None = None
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        try:
            with self._client.stream("GET", self._path) as response:
                self._response = response
                self.status = response.status_code
                lines: list[str] = []
                for line in response.iter_lines():
                    if line:
                        lines.append(line)
                    else:
                        self._take(lines)
                        lines = []
        except (httpx.HTTPError, httpx.StreamError, OSError):
            pass
        finally:
            self.has_ended.set()

    def _take(self, lines: list[str]) -> None:
        fields = dict(line.partition(":")[::2] for line in lines if not line.startswith(":"))
        if "id" in fields:
            self.place = fields["id"].strip()
        if "retry" in fields:
            self.retry_ms = int(fields["retry"])
        if "data" in fields:
            place = fields["id"].strip() if "id" in fields else None
            self.events.append(Heard(fields["event"].strip(), json.loads(fields["data"]), place))

    def named(self, name: str) -> list[Heard]:
        return [heard for heard in list(self.events) if heard.name == name]

    @property
    def texts(self) -> list[str]:
        return [heard.text for heard in self.named("segment")]

    def wait(self, name: str, count: int = 1, limit_s: float = 15) -> None:
        wait_until(lambda: len(self.named(name)) >= count, limit_s, f"{count} {name}, heard {self.events}")

    def wait_end(self, limit_s: float = 15) -> None:
        assert self.has_ended.wait(limit_s), self.events

    def close(self) -> None:
        """Cuts the connection."""
        if self._response is not None and not self.has_ended.is_set():
            stream: Any = self._response.extensions["network_stream"]
            # Closing from this thread would wait for the other's read; the socket's end is heard there at once.
            stream.get_extra_info("socket").shutdown(2)
        self._thread.join(10)
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
