"""Adapters that recognise speech, all under one contract."""
