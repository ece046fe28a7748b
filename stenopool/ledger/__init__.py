"""The ledger: the truth about every job, changed only by atomic scripts (docs/explanation/ledger.md)."""
