"""The Celery worker: audio in, transcript out. The only home of model code."""

from stenopool.settings import forbid_telemetry

# Here and nowhere else: whatever of the worker is loaded first, it comes before every model library.
forbid_telemetry()
