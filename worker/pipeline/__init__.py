"""Plain functions from media to transcript, values in and out."""
