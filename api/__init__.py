"""The HTTP process: upload in, status and transcript out. Stateless, no model code."""
