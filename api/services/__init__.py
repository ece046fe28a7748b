"""The rules of the API without FastAPI."""
