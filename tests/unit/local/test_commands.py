"""Command line and environment of the local processes."""

from pathlib import Path

import pytest

from stenopool.local.commands import Choice, Place, process_commands
from stenopool.local.processes import Command

SECRET_URL = "redis://:s3cret@127.0.0.1:6390/0"


@pytest.fixture
def commands(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Command]:
    for name in ("REDIS_HOST", "REDIS_PASSWORD", "REDIS_URL_FILE", "REDIS_PASSWORD_FILE", "MODEL"):
        monkeypatch.setenv(name, "of somebody else")
    monkeypatch.setenv("ENGINE", "auto")
    place = Place(data_dir=data_dir, host="127.0.0.1", port=8123, stop_grace_s=5)
    return {command.name: command for command in process_commands(place, Choice("pocketsphinx", "en-us"), SECRET_URL)}


def environment(command: Command) -> dict[str, str]:
    assert command.environment is not None
    return dict(command.environment)


def test_one_process_of_each_kind_is_started_the_api_first(commands: dict[str, Command]) -> None:
    assert list(commands) == ["api", "prepare", "recognise", "house"]


def test_each_worker_listens_to_its_own_queue(commands: dict[str, Command]) -> None:
    queues = {
        name: command.argv[command.argv.index("-Q") + 1] for name, command in commands.items() if "-Q" in command.argv
    }
    assert queues == {"prepare": "prepare", "recognise": "recognise.pocketsphinx.en-us", "house": "house"}


def test_the_redis_password_is_on_no_command_line(commands: dict[str, Command]) -> None:
    assert not [command for command in commands.values() if "s3cret" in " ".join(command.argv)]
    assert all(environment(command)["REDIS_URL"] == SECRET_URL for command in commands.values())


def test_every_process_gets_the_same_concrete_engine(commands: dict[str, Command]) -> None:
    chosen = {(environment(command)["ENGINE"], environment(command)["MODEL_SIZE"]) for command in commands.values()}
    assert chosen == {("pocketsphinx", "en-us")}


def test_no_process_is_led_to_another_redis_or_to_the_network(commands: dict[str, Command]) -> None:
    for command in commands.values():
        assert (
            not {"REDIS_HOST", "REDIS_PASSWORD", "REDIS_URL_FILE", "REDIS_PASSWORD_FILE"} & environment(command).keys()
        )
        assert environment(command)["HF_HUB_OFFLINE"] == "1"


def test_beat_runs_in_the_housekeeper_with_its_schedule_in_the_data_directory(
    commands: dict[str, Command], data_dir: Path
) -> None:
    house = commands["house"].argv
    assert "-B" in house
    assert Path(house[house.index("-s") + 1]).is_relative_to(data_dir)


@pytest.mark.parametrize(
    ("host", "address"), [("127.0.0.1", "http://127.0.0.1:8123"), ("0.0.0.0", "http://127.0.0.1:8123")]
)
def test_the_address_is_one_that_this_machine_reaches(data_dir: Path, host: str, address: str) -> None:
    assert Place(data_dir=data_dir, host=host, port=8123, stop_grace_s=5).address == address
