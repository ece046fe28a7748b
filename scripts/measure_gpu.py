"""Measures the memory of a GPU that a model takes, beside what a worker demands for it: ``scripts/measure_gpu.py``.

Reads MODEL_SIZE, COMPUTE_TYPE and GPU as a worker does. Nobody else may use the GPU meanwhile.
"""

from pathlib import Path

from stenopool.gpus.need import gpu_need
from stenopool.queueing.names import recognise_pool
from stenopool.settings import load_settings, show_gpu, visible_gpus
from stenopool.sizes import shown_size
from stenopool.transcripts.options import Options
from worker.gpu import place

SAMPLE = Path(__file__).resolve().parent.parent / "samples" / "long.ogg"


def main() -> None:
    """Takes the GPU, loads, recognises, and prints three figures."""
    settings = load_settings()
    placement = place(settings, (recognise_pool(settings.engine, settings.model_size),), visible_gpus())
    if placement.held is None:
        raise SystemExit("no GPU: set DEVICE=cuda")
    held = placement.held
    before = held.reader.state(held.gpu).used_bytes
    show_gpu(held.gpu.uuid)

    # After the GPU was chosen: CUDA looks at the environment when it is loaded.
    from faster_whisper import decode_audio  # noqa: PLC0415

    from worker.model_cache import load_engine  # noqa: PLC0415

    engine = load_engine(settings.model_copy(update={"device": "cuda"}), threads=4)
    loaded = held.reader.state(held.gpu).used_bytes
    audio = decode_audio(str(SAMPLE))
    words = sum(
        len(segment.text.split()) for segment in engine.recognise(audio, Options(language="en"), None).segments()
    )
    worked = held.reader.state(held.gpu).used_bytes
    print(f"{held.gpu.name}: {settings.model_size} {settings.compute_type}, {words} words recognised")
    print(
        f"loaded and warmed up {shown_size(loaded - before)}, after {len(audio) / 16_000:.0f} s of audio {shown_size(worked - before)}"
    )
    print(f"demanded before loading: {gpu_need(settings.model_size, settings.compute_type)}")


if __name__ == "__main__":
    main()
