import itertools
import sys
import time
from subprocess import Popen, TimeoutExpired, run

import numpy as np
import pytest

from stenopool.errors import ErrorCode, FatalError
from stenopool.transcripts.options import Options
from worker.engines.base import SAMPLE_RATE, Audio
from worker.engines.fake import FakeEngine, Fault, audio_hash, parse_faults
from worker.pipeline.recognise import SpanOutcome, recognise_span


def sound(seconds: float, seed: int = 1) -> Audio:
    return np.random.default_rng(seed).normal(0, 0.1, round(seconds * SAMPLE_RATE)).astype(np.float32)


def say(engine: FakeEngine, audio: Audio, options: Options | None = None) -> SpanOutcome:
    return recognise_span(
        engine,
        audio,
        options or Options(),
        None,
        offset_s=0.0,
        on_segment=lambda _segment, _done_s: None,
        should_stop=lambda: False,
    )


def test_two_engines_say_the_same_of_the_same_audio() -> None:
    assert say(FakeEngine(), sound(3)).segments == say(FakeEngine(speed=1000), sound(3)).segments


def test_other_audio_gives_other_words() -> None:
    assert say(FakeEngine(), sound(3)).segments != say(FakeEngine(), sound(3, seed=2)).segments


def test_longer_audio_gives_more_words() -> None:
    assert [len(say(FakeEngine(), sound(length)).segments) for length in (0.5, 1, 2.5, 10)] == [1, 1, 3, 10]


def test_speed_is_kept() -> None:
    began = time.monotonic()
    say(FakeEngine(speed=20), sound(6))
    assert 0.3 <= time.monotonic() - began < 1.5


def test_speed_zero_takes_no_time() -> None:
    began = time.monotonic()
    say(FakeEngine(), sound(60))
    assert time.monotonic() - began < 0.5


@pytest.mark.parametrize(("fault", "code"), [("memory", ErrorCode.OUT_OF_MEMORY), ("error", ErrorCode.ENGINE_FAILED)])
def test_a_raised_fault_becomes_an_error_of_the_unit(fault: str, code: ErrorCode) -> None:
    with pytest.raises(FatalError) as raised:
        say(FakeEngine(faults=parse_faults(fault)), sound(1))
    assert raised.value.code == code


def test_a_fault_strikes_only_the_audio_it_is_bound_to() -> None:
    engine = FakeEngine(faults=parse_faults(f"error@{audio_hash(sound(1))[:8]}"))
    say(engine, sound(1, seed=2))
    with pytest.raises(FatalError):
        say(engine, sound(1))


def test_a_fault_may_be_bound_to_a_length() -> None:
    engine = FakeEngine(faults=parse_faults("error>2, memory<1"))
    say(engine, sound(1.5))
    for length, code in ((2.5, ErrorCode.ENGINE_FAILED), (0.5, ErrorCode.OUT_OF_MEMORY)):
        with pytest.raises(FatalError) as raised:
            say(engine, sound(length))
        assert raised.value.code == code


def test_no_switch_means_no_fault() -> None:
    assert parse_faults("") == ()


@pytest.mark.parametrize("text", ["explode", "hang@xyz", "crash>", "crash=3", "hang,nap"])
def test_an_unknown_fault_is_a_wrong_setting(text: str) -> None:
    with pytest.raises(FatalError) as raised:
        parse_faults(text)
    assert raised.value.code == ErrorCode.SETTINGS_WRONG


SCRIPT = """
import sys, threading, time
import numpy as np
from stenopool.transcripts.options import Options
from worker.engines.fake import FakeEngine, parse_faults
def tick():
    while True:
        print("tick", flush=True)
        time.sleep(0.05)
engine = FakeEngine(faults=parse_faults(sys.argv[1]))
audio = np.ones(16000, np.float32)
print("begin", flush=True)
threading.Thread(target=tick, daemon=True).start()
list(engine.recognise(audio, Options(), None).segments())
print("end", flush=True)
"""


def test_a_crash_ends_the_process_like_a_kill() -> None:
    done = run([sys.executable, "-c", SCRIPT, Fault.CRASH], capture_output=True, timeout=30, check=False)
    assert done.returncode == -9
    assert b"end" not in done.stdout


def _lines_while_hanging(fault: Fault, at_most: int) -> list[bytes]:
    with Popen([sys.executable, "-c", SCRIPT, fault], stdout=-1) as child:
        try:
            child.wait(1.5)
        except TimeoutExpired:
            child.kill()
        else:
            pytest.fail("it did not hang")
        assert child.stdout is not None
        return list(itertools.islice(child.stdout, at_most))


def test_a_hang_lets_other_threads_run() -> None:
    assert _lines_while_hanging(Fault.HANG, 8).count(b"tick\n") >= 5


def test_a_hang_with_the_interpreter_lock_stops_all_threads() -> None:
    assert _lines_while_hanging(Fault.HANG_GIL, 8).count(b"tick\n") <= 2
