"""``python -m stenopool_client.cli`` is the command ``stenopool``."""

from stenopool_client.cli import main

main()
