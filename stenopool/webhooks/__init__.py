"""Webhooks: who may be told, what is said, when it is said again, and what was said."""
