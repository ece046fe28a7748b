"""How long a job's things are kept: what the operator set, or less where the client wished it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from stenopool.durations import format_duration, parse_duration
from stenopool.errors import ErrorCode, UsageError
from stenopool.ledger.model import Keeping
from stenopool.settings import Settings

_MS: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class KeepingWish:
    """What a client asked for; None leaves it to the operator."""

    media: timedelta | None = None
    result: timedelta | None = None


NO_WISH: Final = KeepingWish()


@dataclass(frozen=True, slots=True)
class KeepingRules:
    """What the operator set."""

    media: timedelta = timedelta(hours=24)
    failed_media: timedelta = timedelta(hours=72)
    result: timedelta = timedelta(days=30)

    def agreed(self, wish: KeepingWish = NO_WISH) -> Keeping:
        """What counts for a job, from its end on. Media never outlive the result.

        Raises:
            UsageError: ``invalid_option``: the client wished longer than the operator keeps.
        """
        _require_less("media_ttl", wish.media, self.media)
        _require_less("result_ttl", wish.result, self.result)
        result = self.result if wish.result is None else wish.result
        media, failed_media = (
            min(result, most) if wish.media is None else min(result, most, wish.media)
            for most in (self.media, self.failed_media)
        )
        return Keeping(result // _MS, media // _MS, failed_media // _MS)


DEFAULT_RULES: Final = KeepingRules()


def keeping_rules(settings: Settings) -> KeepingRules:
    """The rules that these settings make."""
    return KeepingRules(settings.media_ttl, settings.failed_media_ttl, settings.result_ttl)


def parse_wish(media_ttl: str, result_ttl: str) -> KeepingWish:
    """The wish in two form fields; an empty one leaves it to the operator. Raises ``UsageError``: ``invalid_option``."""
    return KeepingWish(_span("media_ttl", media_ttl), _span("result_ttl", result_ttl))


def _span(name: str, text: str) -> timedelta | None:
    if not text.strip():
        return None
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(ErrorCode.INVALID_OPTION, f"{name}: {error}", "for instance 15m") from None


def _require_less(name: str, wish: timedelta | None, most: timedelta) -> None:
    if wish is not None and wish > most:
        raise UsageError(
            ErrorCode.INVALID_OPTION, f"{name}: at most {format_duration(most)} here", "a job is only kept shorter"
        )
