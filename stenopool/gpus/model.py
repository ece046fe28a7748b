"""A GPU as workers tell of it and operators see it; pure."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict


class Gpu(BaseModel):
    """What does not change about a GPU, or about a part of one (MIG)."""

    model_config = ConfigDict(frozen=True)

    index: int | None
    """Its number as ``nvidia-smi`` counts, among those that this container sees; None for a part of a GPU."""
    uuid: str
    name: str
    memory_bytes: int

    @property
    def label(self) -> str:
        """What people call it: ``GPU 0``."""
        return f"GPU {self.uuid if self.index is None else self.index}"

    def is_called(self, wanted: str) -> bool:
        """Whether ``wanted`` means this one: its index, its UUID or the beginning of that, as CUDA takes it."""
        return wanted == str(self.index) if wanted.isdigit() else bool(wanted) and self.uuid.startswith(wanted)


@dataclass(frozen=True, slots=True)
class GpuState:
    """What a GPU does now. None is what its driver does not tell."""

    used_bytes: int
    free_bytes: int
    utilisation: float | None
    """Share of the last moment in which something ran on it, 0..1."""
    temperature_c: float | None
