"""The platform on one machine: a private Redis and one process of each kind, for a person or a test."""
