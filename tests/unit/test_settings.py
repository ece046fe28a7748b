"""Settings: read once, from one place, wrong values in one line."""

from pathlib import Path

import pytest

from stenopool.errors import FatalError
from stenopool.settings import child_environment, load_settings


def test_the_defaults_are_the_names_and_values_operators_know() -> None:
    settings = load_settings({})
    assert (settings.model_size, settings.device, settings.compute_type) == ("base", "cpu", "int8")
    assert (settings.redis_host, settings.redis_port) == ("localhost", 6379)
    assert (settings.max_file_size_mb, settings.workers, settings.max_audio_hours) == (100, 4, 4)


def test_recycling_is_off_by_default() -> None:
    assert load_settings({}).worker_max_tasks is None


def test_an_empty_value_means_the_default() -> None:
    assert load_settings({"REDIS_PORT": ""}).redis_port == 6379


def test_each_wrong_value_is_named_in_one_line() -> None:
    with pytest.raises(FatalError) as caught:
        load_settings({"REDIS_PORT": "http", "DEVICE": "tpu"})
    text = str(caught.value)
    assert "REDIS_PORT" in text
    assert "DEVICE" in text
    assert "\n" not in text


def test_a_password_may_come_from_a_file_and_is_quoted_in_the_address(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("p@ss/word\n", encoding="utf-8")
    settings = load_settings({"REDIS_PASSWORD_FILE": str(secret), "REDIS_HOST": "db"})
    assert settings.redis_address == "redis://:p%40ss%2Fword@db:6379/0"


def test_a_password_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="keep one"):
        load_settings({"REDIS_PASSWORD": "a", "REDIS_PASSWORD_FILE": str(tmp_path / "b")})


def test_a_missing_secret_file_is_said_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="REDIS_PASSWORD_FILE cannot be read") as caught:
        load_settings({"REDIS_PASSWORD_FILE": str(tmp_path / "none")})
    assert str(tmp_path) not in str(caught.value)


def test_threat_27_secrets_do_not_show_when_settings_are_printed() -> None:
    assert "hunter2" not in repr(load_settings({"REDIS_PASSWORD": "hunter2"}))


def test_the_fake_engine_needs_permission() -> None:
    with pytest.raises(FatalError, match="ALLOW_FAKE_ENGINE"):
        load_settings({"ENGINE": "fake"})
    assert load_settings({"ENGINE": "fake", "ALLOW_FAKE_ENGINE": "true"}).engine == "fake"


def test_a_lease_shorter_than_two_beats_is_refused() -> None:
    with pytest.raises(FatalError, match="LEASE_S"):
        load_settings({"LEASE_S": "3", "BEAT_S": "2"})


def test_a_child_environment_lays_settings_over_and_removes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONE", "1")
    monkeypatch.setenv("KEPT", "2")
    merged = child_environment({"GONE": None, "NEW": "3"})
    assert "GONE" not in merged
    assert (merged["KEPT"], merged["NEW"]) == ("2", "3")


def test_the_metrics_token_may_come_from_a_file_and_is_no_short_word(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("0123456789abcdef\n", encoding="utf-8")
    token = load_settings({"METRICS_TOKEN_FILE": str(secret)}).metrics_token
    assert token is not None
    assert token.get_secret_value() == "0123456789abcdef"
    with pytest.raises(FatalError, match="METRICS_TOKEN"):
        load_settings({"METRICS_TOKEN": "short"})


def test_a_worker_tells_no_metrics_by_default() -> None:
    settings = load_settings({})
    assert (settings.worker_metrics_port, settings.worker_metrics_host) == (None, "127.0.0.1")


@pytest.mark.parametrize(
    ("environment", "offered"),
    [
        ({}, ("base",)),
        ({"MODEL_SIZE": "demo"}, ("demo",)),
        ({"MODELS": " small, large-v3 ,small"}, ("small", "large-v3")),
        ({"MODEL_SIZE": "large-v3", "MODELS": "small,large-v3"}, ("large-v3", "small")),
    ],
)
def test_the_first_model_offered_is_model_size_where_it_is_among_them(
    environment: dict[str, str], offered: tuple[str, ...]
) -> None:
    assert load_settings(environment).offered_models == offered
