"""Whom Flower is refused to be served to."""

import pytest

from beat.flower import main, refusal
from stenopool.settings import load_settings

PAIR = "olga:quite-long-enough"


@pytest.mark.parametrize(
    ("environment", "address", "credentials", "is_refused"),
    [
        ("development", "127.0.0.1", None, False),
        ("development", "0.0.0.0", None, True),
        ("development", "", [], True),
        ("production", "127.0.0.1", None, True),
        ("production", "0.0.0.0", [PAIR], False),
        ("development", "0.0.0.0", [PAIR], False),
        ("development", "127.0.0.1", ["olga:short"], True),
        ("development", "127.0.0.1", ["no-name-but-long"], True),
        ("production", "127.0.0.1", [":no-name-but-long"], True),
        ("production", "127.0.0.1", [PAIR, "and-a-comma"], True),
    ],
)
def test_flower_asks_for_a_password_everywhere_but_at_home(
    environment: str, address: str, credentials: list[str] | None, is_refused: bool
) -> None:
    fault = refusal(load_settings({"ENVIRONMENT": environment}), address, credentials)
    assert (fault is not None) is is_refused
    assert PAIR not in (fault or "")


def test_wrong_settings_are_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_PORT", "none")
    with pytest.raises(SystemExit, match=r"^flower: REDIS_PORT"):
        main([])
