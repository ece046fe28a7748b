"""The OpenAI-compatible door without FastAPI: what its fields mean here, and waiting for the job behind a call."""
