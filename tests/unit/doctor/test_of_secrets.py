"""What the doctor says of secrets that are weak, missing or open."""

import secrets
from pathlib import Path

import pytest

from stenopool.doctor.finding import Finding, Level
from stenopool.doctor.of_secrets import is_weak, look_at_secrets
from stenopool.settings import load_settings

GOOD = "Zx8#kQ2v!Rm5wL9tNp3b"


def looked(data_dir: Path, **given: str) -> dict[str, Finding]:
    environment = {"DATA_DIR": str(data_dir), **given}
    return {finding.code: finding for finding in look_at_secrets(load_settings(environment), environment)}


@pytest.mark.parametrize(
    "secret", ["short", "a" * 40, "abababababababababab", "Change-Me-Please-42!", "my-Secret-0123456789"]
)
def test_what_can_be_guessed_is_weak(secret: str) -> None:
    assert is_weak(secret)


def test_what_openssl_makes_is_not() -> None:
    assert not any(is_weak(secrets.token_urlsafe(32)) for _ in range(100))


@pytest.mark.parametrize(("environment", "level"), [("production", Level.FAIL), ("development", Level.WARN)])
def test_weak_secrets_are_named_and_not_shown(data_dir: Path, environment: str, level: Level) -> None:
    weak = {"API_KEY": "aaaaaaaaaaaaaaaaaaaa", "METRICS_TOKEN": "change-me-change-me", "REDIS_PASSWORD": "redis"}
    found = looked(data_dir, ENVIRONMENT=environment, **weak)["secrets"]
    assert (found.level, found.found) == (level, "can be guessed: REDIS_PASSWORD, API_KEY, METRICS_TOKEN")


def test_a_shared_key_of_tokens_is_as_long_as_its_hash(data_dir: Path) -> None:
    tokens = {"JWT_ALGORITHM": "HS256", "JWT_AUDIENCE": "a", "JWT_ISSUER": "i", "JWT_KEY": GOOD}
    assert "JWT_KEY" in looked(data_dir, **tokens)["secrets"].found
    assert looked(data_dir, **{**tokens, "JWT_KEY": GOOD * 2})["secrets"].level is Level.OK


def test_a_redis_elsewhere_without_a_password_fails_in_production(data_dir: Path) -> None:
    production = {"ENVIRONMENT": "production"}
    assert looked(data_dir, REDIS_HOST="redis", **production)["redis_password"].level is Level.FAIL
    assert looked(data_dir, REDIS_URL="redis://redis:6379/0", **production)["redis_password"].level is Level.FAIL
    assert looked(data_dir, REDIS_HOST="redis", REDIS_PASSWORD=GOOD, **production)["redis_password"].level is Level.OK
    assert looked(data_dir, **production)["redis_password"].level is Level.OK


def test_a_file_of_a_secret_that_everybody_may_read_is_warned_of(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(GOOD)
    file.chmod(0o644)
    assert looked(data_dir, METRICS_TOKEN_FILE=str(file))["secret_files"].level is Level.WARN
    file.chmod(0o600)
    assert looked(data_dir, METRICS_TOKEN_FILE=str(file))["secret_files"].level is Level.OK


def test_strangers_in_production_fail(data_dir: Path) -> None:
    open_door = {"ALLOW_ANONYMOUS": "true"}
    assert looked(data_dir, ENVIRONMENT="production", **open_door)["access"].level is Level.FAIL
    assert looked(data_dir, **open_door)["access"].level is Level.WARN
    assert looked(data_dir, API_KEY=GOOD)["access"].found == "nobody is served without a key or token"
