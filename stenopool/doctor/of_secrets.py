"""Secrets that are guessed, missing or lie open. They are judged, never shown."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from stenopool.doctor.finding import Finding, Level, ok, warn
from stenopool.settings import SECRETS, Settings

_SHORTEST: Final = 16
_FEWEST_LETTERS: Final = 8
_HMAC_BYTES: Final = 32
"""RFC 7518, section 3.2: a key of HS256 is as long as its hash."""

_GUESSED: Final = (
    "change",
    "password",
    "secret",
    "admin",
    "example",
    "default",
    "qwerty",
    "123456",
    "letmein",
    "stenopool",
)
_NEAR: Final = frozenset({"localhost", "127.0.0.1", "::1", ""})
_MOUNTED: Final = Path("/run/secrets")
"""Where containers find theirs: open to all of the container's own users."""


def look_at_secrets(settings: Settings, environment: Mapping[str, str]) -> list[Finding]:
    """In production what is weak is a failure, else a warning."""
    level = Level.FAIL if settings.environment == "production" else Level.WARN
    return [_weak(settings, level), _redis_password(settings, level), _files(environment), _access(settings, level)]


def is_weak(secret: str) -> bool:
    """Whether it could be guessed: short, monotonous, or with a word in it that everybody tries."""
    if len(secret) < _SHORTEST or len(set(secret)) < _FEWEST_LETTERS:
        return True
    return any(word in secret.lower() for word in _GUESSED)


def _weak(settings: Settings, level: Level) -> Finding:
    given = {
        "REDIS_PASSWORD": _password_of(settings),
        "API_KEY": settings.api_key.get_secret_value() if settings.api_key else "",
        "METRICS_TOKEN": settings.metrics_token.get_secret_value() if settings.metrics_token else "",
    }
    weak = [name for name, secret in given.items() if secret and is_weak(secret)]
    if settings.jwt_key is not None and settings.jwt_algorithm.startswith("HS"):
        key = settings.jwt_key.get_secret_value()
        if len(key.encode()) < _HMAC_BYTES or is_weak(key):
            weak.append("JWT_KEY")
    if weak:
        return Finding(
            "secrets", level, f"can be guessed: {', '.join(weak)}", "openssl rand -base64 32, for each its own"
        )
    return ok("secrets", "no secret that is set can be guessed")


def _redis_password(settings: Settings, level: Level) -> Finding:
    host = (urlsplit(settings.redis_address).hostname or "") if settings.redis_url else settings.redis_host
    if _password_of(settings) or host in _NEAR:
        return ok("redis_password", "Redis has a password, or is on this machine alone")
    remedy = "requirepass in redis.conf, REDIS_PASSWORD_FILE here; whoever writes to Redis owns all jobs"
    return Finding("redis_password", level, "Redis is elsewhere and has no password", remedy)


def _files(environment: Mapping[str, str]) -> Finding:
    given = {name: Path(path) for name in SECRETS if (path := environment.get(f"{name}_FILE", ""))}
    is_open = [name for name, file in given.items() if _MOUNTED not in file.parents and _others_may_read(file)]
    if is_open:
        named = ", ".join(f"{name}_FILE" for name in is_open)
        return warn(
            "secret_files", f"every user of this machine may read: {named}", "chmod 600, for the user of the processes"
        )
    return ok("secret_files", "no file of a secret lies open")


def _access(settings: Settings, level: Level) -> Finding:
    if settings.allow_anonymous:
        remedy = "stenopool keys create, and no ALLOW_ANONYMOUS"
        return Finding("access", level, "strangers are served as long as no key was ever made", remedy)
    if (settings.data_dir / "store" / "keys" / "closed").exists() or settings.api_key or settings.jwt_key:
        return ok("access", "nobody is served without a key or token")
    return ok("access", "no key was ever made: this machine alone is served")


def _password_of(settings: Settings) -> str:
    return urlsplit(settings.redis_address).password or ""


def _others_may_read(file: Path) -> bool:
    try:
        return bool(file.stat().st_mode & 0o004)
    except OSError:
        return False
