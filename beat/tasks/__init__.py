"""Housekeeping tasks, a few lines each."""
