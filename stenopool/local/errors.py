"""What stops the local runner."""

from stenopool.errors import ErrorCode, FatalError


class StartError(FatalError):
    """The stack cannot run here; ``message`` says why in one line, ``hint`` what to type."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(ErrorCode.SETTINGS_WRONG, message, hint)

    def __str__(self) -> str:
        return self.message + (f": {self.hint}" if self.hint else "")
