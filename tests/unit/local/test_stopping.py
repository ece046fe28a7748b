"""The first signal asks for an orderly stop, the second ends everything at once."""

import signal
from collections.abc import Iterator

import pytest

from stenopool.local.stopping import StopRequestedError, StopSignals
from tests.waiting import wait_until


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def number(request: pytest.FixtureRequest) -> Iterator[signal.Signals]:
    """A signal that is not ignored: the tests themselves may run under nohup."""
    before = signal.signal(request.param, signal.default_int_handler)
    yield request.param
    signal.signal(request.param, before)


def test_the_first_signal_is_raised_with_the_exit_code_of_shells(number: signal.Signals) -> None:
    with StopSignals(), pytest.raises(StopRequestedError) as stop:
        signal.raise_signal(number)
    assert stop.value.exit_code == 128 + number


def test_the_second_signal_ends_everything_at_once() -> None:
    ended: list[bool] = []
    with StopSignals() as signals:
        signals.at_once = lambda: ended.append(True)
        with pytest.raises(StopRequestedError):
            signal.raise_signal(signal.SIGINT)
        assert not ended
        signal.raise_signal(signal.SIGINT)
    assert ended == [True]


def test_a_signal_during_a_step_that_must_be_whole_comes_after_it() -> None:
    steps: list[str] = []

    def step(signals: StopSignals) -> None:
        with signals.held():
            signal.raise_signal(signal.SIGINT)
            steps.append("whole")
        steps.append("never reached")

    with StopSignals() as signals, pytest.raises(StopRequestedError):
        step(signals)
    assert steps == ["whole"]


def test_a_signal_while_an_object_is_taken_away_is_not_lost(capsys: pytest.CaptureFixture[str]) -> None:
    class Vanishing:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    with StopSignals():
        vanishing = Vanishing()
        del vanishing
        with pytest.raises(StopRequestedError):
            wait_until(lambda: False, 10, "the signal")
    assert "Traceback" not in capsys.readouterr().err


def test_a_signal_while_stopping_anyway_raises_nothing_and_ends_at_once() -> None:
    ended: list[bool] = []
    with StopSignals() as signals:
        signals.at_once = lambda: ended.append(True)
        signals.stopping()
        signal.raise_signal(signal.SIGTERM)
    assert ended == [True]


def test_afterwards_signals_do_what_they_did_before() -> None:
    before = signal.getsignal(signal.SIGINT)
    with StopSignals():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def test_under_nohup_the_end_of_the_terminal_stops_nothing() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopSignals():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_no_handler_of_exceptions_takes_a_stop_for_an_error() -> None:
    assert not issubclass(StopRequestedError, Exception)
