"""Events without FastAPI: one look for all who listen, and what each of them is told."""
