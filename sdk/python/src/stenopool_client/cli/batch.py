"""Many recordings at once: some upload, all others are heard of by their events."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio

from stenopool_client import AsyncClient, JobEvent, JobFailedError, SegmentEvent, StatusEvent, StenopoolError
from stenopool_client.cli.display import Bars, Lines, Row
from stenopool_client.cli.ending import FAILED, error_code, said
from stenopool_client.cli.outputs import FORMATS, write
from stenopool_client.errors import ApiError, JobCancelledError
from stenopool_client.options import SubmitOptions


@dataclass(slots=True)
class Item:
    """One recording, or one job that was submitted before, and what became of it."""

    name: str
    outputs: list[Path]
    formats: list[str]
    file: Path | None = None
    job_id: str = ""
    texts: list[str] = field(default_factory=list)
    error: Exception | None = None
    is_done: bool = False

    def told(self) -> Mapping[str, Any]:
        """For programs: one object."""
        state = (
            "completed"
            if self.error is None
            else "cancelled"
            if isinstance(self.error, JobCancelledError)
            else "failed"
        )
        told: dict[str, Any] = {"file": self.name, "job_id": self.job_id or None, "status": state}
        told["outputs"] = [str(path) for path in self.outputs] if self.error is None else []
        if isinstance(self.error, JobFailedError):
            told["error"] = {"code": self.error.reason.code, "message": self.error.reason.message}
        elif self.error is not None:
            code = self.error.code if isinstance(self.error, ApiError) else type(self.error).__name__
            told["error"] = {"code": code, "message": said(self.error)}
        return told


@dataclass(slots=True)
class Batch:
    """How the recordings are taken."""

    client: AsyncClient
    shown: Bars | Lines
    options: SubmitOptions
    uploads: anyio.Semaphore
    to_stdout: bool = False
    as_json: bool = False

    async def run(self, items: list[Item]) -> int:
        """Takes all of them to their end; the exit code."""
        async with anyio.create_task_group() as group:
            for item in items:
                group.start_soon(self._one, item)
        codes = [
            error_code(item.error) if isinstance(item.error, StenopoolError) else FAILED for item in items if item.error
        ]
        return max(codes, default=0)

    async def _one(self, item: Item) -> None:
        row = Row(item.name, self.shown)
        try:
            if not item.job_id:
                await self._submit(item, row)
            await self._follow(item, row)
        except (StenopoolError, OSError) as error:
            item.error = error
        item.is_done = True
        self.shown.remove(row)
        self._tell(item)

    async def _submit(self, item: Item, row: Row) -> None:
        assert item.file is not None  # noqa: S101 - who has no job has a file.
        async with self.uploads:
            accepted = await self.client.submit(item.file, progress=row.uploaded, on_wait=row.waits, **self.options)
        item.job_id = accepted.job_id

    async def _follow(self, item: Item, row: Row) -> None:
        def take(event: JobEvent) -> None:
            if isinstance(event, StatusEvent):
                row.stands(event.status)
            elif isinstance(event, SegmentEvent):
                row.heard(event.segment.text)

        status = await self.client.wait_for_end(item.job_id, on_event=take)
        if status.error is not None:
            raise JobFailedError(item.job_id, status.error)
        if status.status == "cancelled":
            raise JobCancelledError(item.job_id)
        item.texts = [await self.client.result_as(item.job_id, FORMATS[form]) for form in item.formats]
        if not self.to_stdout:
            for path, text in zip(item.outputs, item.texts, strict=True):
                await anyio.to_thread.run_sync(write, path, text)

    def _tell(self, item: Item) -> None:
        if self.as_json:
            print(json.dumps(item.told(), ensure_ascii=False), flush=True)  # noqa: T201 - the command's answer.
        elif item.error is not None:
            self.shown.line(f"{item.name}: {said(item.error)}")
        elif not self.to_stdout:
            self.shown.line(f"{item.name} -> {', '.join(str(path) for path in item.outputs)}")
