"""Transcripts and what shapes them: options, digest, formats."""
