"""What a worker's GPU does, told with the worker's own metrics: asked of the driver when somebody looks."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from stenopool import metrics
from stenopool.errors import FatalError
from stenopool.logs import get_logger
from worker.gpu import HeldGpu

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

_log = get_logger(__name__)


class GpuReadings:
    """A collector for a registry of prometheus_client."""

    def __init__(self, held: HeldGpu) -> None:
        self._held = held

    def describe(self) -> "Iterable[Metric]":
        """Nothing: a registry would otherwise ask the driver when this is registered."""
        return []

    def collect(self) -> "Iterable[Metric]":
        """The readings; none while the driver does not answer."""
        gpu = self._held.gpu
        try:
            state = self._held.reader.state(gpu)
        except FatalError as error:
            _log.warning("gpu_not_read", reason=error.message)
            return
        label = (metrics.GPU_PART if gpu.index is None else str(gpu.index),)
        yield metrics.GPU_MEMORY.family({label: gpu.memory_bytes})
        yield metrics.GPU_MEMORY_USED.family({label: state.used_bytes})
        if state.utilisation is not None:
            yield metrics.GPU_UTILISATION.family({label: state.utilisation})
        if state.temperature_c is not None:
            yield metrics.GPU_TEMPERATURE.family({label: state.temperature_c})
