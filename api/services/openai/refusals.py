"""Refusals that name the field at fault, as the clients' exceptions show it."""

from stenopool.errors import ErrorCode, UsageError


class FieldError(UsageError):
    """A field is wrong; ``param`` is its name as the caller sent it."""

    def __init__(self, code: ErrorCode, param: str, message: str, hint: str = "") -> None:
        super().__init__(code, message, hint)
        self.param = param
