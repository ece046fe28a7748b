"""The Celery worker: audio in, transcript out. The only home of model code."""
