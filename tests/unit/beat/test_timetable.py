"""The timetable: every task exists, every message expires with the next."""

import beat.tasks.ledger
import beat.tasks.pulse
import beat.tasks.retention
import beat.tasks.spool
import beat.tasks.usage
from beat.app import app, house_settings, schedule_file
from beat.timetable import TIMETABLE, beat_schedule
from stenopool.metrics import HOUSE_TASKS
from stenopool.queueing.names import HOUSE
from stenopool.settings import load_settings

TASK_MODULES = (beat.tasks.ledger, beat.tasks.pulse, beat.tasks.retention, beat.tasks.spool, beat.tasks.usage)


def test_every_entry_names_a_task_of_the_housekeeper_and_a_reason() -> None:
    assert {module.__name__ for module in TASK_MODULES} == set(app.conf.include)
    assert {entry.task for entry in TIMETABLE} <= app.tasks.keys()
    assert all(entry.reason for entry in TIMETABLE)


def test_a_message_expires_when_the_next_is_due() -> None:
    for entry in TIMETABLE:
        options = beat_schedule()[entry.task]["options"]
        assert isinstance(options, dict)
        assert options["expires"] == entry.interval.total_seconds()
        assert options["queue"] == HOUSE


def test_the_clock_keeps_its_schedule_in_the_data_directory() -> None:
    settings = load_settings({"DATA_DIR": "/somewhere"})
    assert house_settings(settings)["beat_schedule_filename"] == str(schedule_file(settings))
    assert str(schedule_file(settings)).startswith("/somewhere/run/")


def test_the_metrics_know_every_round_and_no_other() -> None:
    assert {entry.task for entry in TIMETABLE} == HOUSE_TASKS
