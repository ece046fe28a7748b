"""Copies of the store, from which an installation is made again: the ledger follows from it."""
