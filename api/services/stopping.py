"""The order to stop, as the services of this process see it."""

from stenopool.errors import ErrorCode, TransientError


class Stopping:
    """Whether this process was told to stop. What it has begun it finishes, within the server's grace."""

    def __init__(self) -> None:
        self._asked = False

    @property
    def asked(self) -> bool:
        """Whether the order came."""
        return self._asked

    def ask(self) -> None:
        """The order has come; it is never taken back."""
        self._asked = True

    def require_going_on(self) -> None:
        """Refuses what is only begun now.

        Raises:
            TransientError: ``shutting_down``.
        """
        if self._asked:
            raise TransientError(ErrorCode.SHUTTING_DOWN, "this process is stopping", "try again", retry_after_s=1)
