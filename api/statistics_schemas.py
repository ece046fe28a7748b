"""The statistics on the wire."""

from typing import Self

from pydantic import Field

from api.schemas import Body
from api.services.statistics import Stage, Statistics, Worker
from stenopool.gpus.model import Gpu


class StageBody(Body):
    """One stage of the work."""

    waiting_jobs: int = Field(description="Recordings waiting; several jobs may share one.")
    waiting_audio_seconds: float = Field(description="Seconds of audio waiting; estimated until decoded.")
    oldest_seconds: float = Field(
        description="Seconds since the first of them was submitted, or put back; 0 when none waits."
    )
    working_on: int = Field(description="Pieces of work in hand.")
    working_on_audio_seconds: float = Field(description="Seconds of audio in hand.")

    @classmethod
    def of(cls, stage: Stage) -> Self:
        """From the service's answer."""
        return cls(
            waiting_jobs=stage.waiting_jobs,
            waiting_audio_seconds=stage.waiting_s,
            oldest_seconds=stage.oldest_s,
            working_on=stage.held,
            working_on_audio_seconds=stage.held_s,
        )


class GpuBody(Body):
    """The GPU that a worker holds."""

    index: int | None = Field(description="As `nvidia-smi` counts in the worker's container; null for a part of a GPU.")
    uuid: str
    name: str
    memory_bytes: int

    @classmethod
    def of(cls, gpu: Gpu) -> Self:
        """From the heartbeat."""
        return cls(index=gpu.index, uuid=gpu.uuid, name=gpu.name, memory_bytes=gpu.memory_bytes)


class WorkerBody(Body):
    """A live worker."""

    name: str = Field(description="Host, process id and a random part.")
    pools: list[str] = Field(description="What it works for.")
    engine: str | None = Field(description="Null for one without a model.")
    model: str | None
    revision: str | None = Field(description="Revision of the model's weights.")
    compute_type: str | None
    device: str | None = Field(description="Where the model runs: `cpu`, `cuda`, …", examples=["cpu"])
    gpu: GpuBody | None = Field(description="The GPU that is this worker's; null without one.")
    work: str = Field(description="What it does now: `idle`, `draining`, or the pieces in hand.")
    drained: bool = Field(description="Whether it takes nothing new, because of `stenopool drain`.")

    @classmethod
    def of(cls, worker: Worker) -> Self:
        """From the service's answer."""
        identity = worker.identity
        return cls(
            name=worker.name,
            pools=list(worker.pools),
            engine=identity and identity.engine,
            model=identity and identity.model,
            revision=identity and identity.revision,
            compute_type=identity and identity.compute_type,
            device=worker.device,
            gpu=worker.gpu and GpuBody.of(worker.gpu),
            work=worker.work,
            drained=worker.is_drained,
        )


class CacheBody(Body):
    """How often work was spared, counted in jobs since the ledger began."""

    hits: int = Field(description="Answered from a completed transcription.")
    joined: int = Field(description="Joined to a running transcription.")
    misses: int = Field(description="Worked on.")
    hit_rate: float | None = Field(ge=0, le=1, description="Share of hits and joined; null before the first job.")


class StatisticsBody(Body):
    """What goes on; at most a second old."""

    queue: dict[str, StageBody] = Field(description="By stage: `prepare` and `recognise`.")
    delayed: int = Field(description="Pieces of work put off because what they need is away.")
    workers: list[WorkerBody]
    cache: CacheBody
    ended: dict[str, int] = Field(description="Transcriptions ended since the ledger began, by state.")

    @classmethod
    def of(cls, found: Statistics) -> Self:
        """From the service's answer."""
        cache = found.cache
        return cls(
            queue={name: StageBody.of(stage) for name, stage in found.queue.items()},
            delayed=found.delayed,
            workers=[WorkerBody.of(worker) for worker in found.workers],
            cache=CacheBody(hits=cache.hits, joined=cache.joined, misses=cache.misses, hit_rate=cache.hit_rate),
            ended=dict(found.ended),
        )
