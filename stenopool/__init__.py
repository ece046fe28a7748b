"""What at least two processes of Stenopool share; nothing else gets in."""

__version__ = "0.1.0"
