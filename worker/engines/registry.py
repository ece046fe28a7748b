"""From settings to an engine: the only place that knows every adapter.

Adapters are imported when one is made, so that the Celery parent, which imports this module, never loads a model
library.
"""

from stenopool.settings import Settings
from worker.engines.base import Engine


def create_engine(settings: Settings, threads: int) -> Engine:
    """The engine that ``settings`` name, its model loaded, on ``threads`` CPU threads.

    Takes seconds to minutes for a large model; call it in the process that recognises.

    Raises:
        FatalError: ``weights_missing`` with what to do, or ``settings_wrong``.
    """
    match settings.engine:
        case "fake":
            return _fake(settings)
        case "pocketsphinx":
            return _pocketsphinx()
        case "faster-whisper":
            return _faster_whisper(settings, threads)


def _fake(settings: Settings) -> Engine:
    from worker.engines.fake import FakeEngine, parse_faults  # noqa: PLC0415 - loaded only where it runs

    return FakeEngine(settings.model_size, settings.fake_engine_speed, parse_faults(settings.fake_engine_fault))


def _pocketsphinx() -> Engine:
    from worker.engines.pocketsphinx import load_pocketsphinx  # noqa: PLC0415 - loads a model library

    return load_pocketsphinx()


def _faster_whisper(settings: Settings, threads: int) -> Engine:
    from worker.engines.faster_whisper import load_faster_whisper  # noqa: PLC0415 - loads a model library
    from worker.engines.whisper_model import WhisperSetup  # noqa: PLC0415 - as above

    setup = WhisperSetup(
        model=settings.model_size,
        model_dir=settings.model_dir,
        device=settings.device,
        compute_type=settings.compute_type,
        threads=threads,
    )
    return load_faster_whisper(setup)
