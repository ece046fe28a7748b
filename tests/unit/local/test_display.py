"""What a person sees: a bar where it can be shown, plain lines where not."""

import io

import pytest

from stenopool.local.display import Display, clock, wants_plain_lines


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


GOOD = {"LANG": "en_GB.UTF-8", "TERM": "xterm"}


def test_a_capable_terminal_gets_a_bar() -> None:
    assert not wants_plain_lines(GOOD, Terminal())


@pytest.mark.parametrize(
    "environment",
    [
        GOOD | {"NO_COLOR": "1"},
        GOOD | {"TERM": "dumb"},
        GOOD | {"LANG": "C"},
        GOOD | {"LC_ALL": "C"},
        GOOD | {"LC_ALL": "POSIX"},
        {"LANG": "C", "LC_CTYPE": "C.UTF-8", "TERM": "xterm"},  # as Python leaves LANG=C behind (PEP 538)
        {"LC_CTYPE": "C.UTF-8", "TERM": "xterm"},
        {},
    ],
)
def test_a_terminal_that_cannot_or_shall_not_show_a_bar_gets_lines(environment: dict[str, str]) -> None:
    assert wants_plain_lines(environment, Terminal())


def test_a_pipe_gets_lines() -> None:
    assert wants_plain_lines(GOOD, io.StringIO())


def test_plain_lines_tell_each_new_state_and_each_quarter_once() -> None:
    stream = io.StringIO()
    with Display(plain=True, stream=stream).bar() as bar:
        for state, fraction in [
            ("queued", 0.0),
            ("queued", 0.0),
            ("processing", 0.1),
            ("processing", 0.2),
            ("processing", 0.4),
            ("processing", 0.41),
            ("processing", 0.9),
        ]:
            bar.show(state, fraction)
    assert stream.getvalue().splitlines() == [
        "  queued, 0%",
        "  processing, 10%",
        "  processing, 40%",
        "  processing, 90%",
    ]


def test_plain_lines_hold_no_control_signs() -> None:
    stream = io.StringIO()
    with Display(plain=True, stream=stream).bar() as bar:
        bar.show("processing", 0.5)
    assert stream.getvalue().isprintable() or stream.getvalue().replace("\n", "").isprintable()


def test_text_that_the_stream_cannot_encode_is_shown_with_question_marks() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    Display(plain=True, stream=stream).line("Grüße")
    assert raw.getvalue() == b"Gr??e\n"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "00:00.0"), (59.96, "01:00.0"), (75.25, "01:15.2"), (3723.4, "1:02:03.4")]
)
def test_times_are_shown_as_a_clock(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown
