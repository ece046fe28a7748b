"""Hostile recordings, one after another, through a real worker: each fails by its own fault and at its first attempt."""

import os
import secrets
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from stenopool.ledger.model import RunState
from stenopool.local.redis_server import RedisServer
from tests.integration.decode.forged_media import forge_wav, write_borrowing_mov
from tests.integration.decode.made_media import form_of, id3_tag, repeat_flac, write_bomb, write_tone, write_video
from tests.integration.decode.mutations import damaged
from tests.integration.worker.ground import BOTH, FAST, Ground, Worker, command_line, ground, tone
from tests.processes import descendants, is_running
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def hall(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ground, Worker]]:
    with redis_server.client() as client:
        client.flushall()
    with ground(redis_server.url, tmp_path_factory.mktemp("hall")) as grounds:
        # Half a minute is the longest, so that a decoder which hangs is given up after 14 seconds.
        yield grounds, grounds.start(*BOTH, **FAST, MAX_AUDIO_HOURS="0.01", UNIT_BASE_TIMEOUT_S="12")


def attacks(folder: Path) -> Mapping[str, tuple[str, bytes]]:
    """Name, the code it must fail with, the bytes. An attack that would stop a worker at the third comes three times."""
    hour = repeat_flac(write_bomb(folder / "hour.flac", hours=1), folder / "bomb.flac", 10)
    film = write_tone(folder, form_of("mp4")).read_bytes()
    undecodable = "undecodable_media"
    return {
        "ten hours in 138 kB": ("audio_too_long", hour.read_bytes()),
        "nothing": (undecodable, b""),
        "text": (undecodable, b"Hello, this is text.\n"),
        "a play list": (undecodable, b"ffconcat version 1.0\nfile ../../../media/other\n"),
        "a play list behind a cover": (undecodable, id3_tag(8_000) + b"ffconcat version 1.0\nfile media\n"),
        "a cover without a song": (undecodable, id3_tag(20_000)),
        "a film without its index": (undecodable, film[:-2_000]),
        "a film without sound": ("no_audio", write_video(folder / "f.mp4", with_audio=False).read_bytes()),
        "a film that borrows its sound": (undecodable, write_borrowing_mov(folder / "b.mov", "media").read_bytes()),
        **{
            f"a codec nobody knows, {n}": (undecodable, forge_wav(folder, 20, bytes([n, 0x12])).read_bytes())
            for n in range(1, 4)
        },
    }


def test_threat_06_every_hostile_recording_fails_alone_and_the_worker_goes_on(
    hall: tuple[Ground, Worker], tmp_path: Path
) -> None:
    grounds, worker = hall
    children = worker.children()
    ended = {}
    expected = {}
    for name, (code, body) in attacks(tmp_path).items():
        view = grounds.ended(grounds.submit(media=body))
        ended[name], expected[name] = (view.state, view.reason, view.attempt), (RunState.FAILED, code, 1)
    assert ended == expected
    grounds.completed(grounds.submit(duration_s=0.5))
    assert worker.child.exit_code is None
    assert worker.children() == children
    assert list((grounds.settings.data_dir / "spool").glob("prepare-*")) == []


def test_a_decoder_that_hangs_ends_its_own_job_and_nothing_else(hall: tuple[Ground, Worker]) -> None:
    grounds, worker = hall
    children = worker.children()
    hanging = grounds.submit(duration_s=20)
    decoder = wait_until(lambda: next(iter(decoders(worker)), None), 20, "the decoder", every_s=0.005)
    assert decoder is not None
    os.kill(decoder, signal.SIGSTOP)
    view = grounds.ended(hanging)
    assert (view.state, view.reason, view.attempt) == (RunState.FAILED, "decode_timeout", 1)
    assert not is_running(decoder)
    grounds.completed(grounds.submit(duration_s=0.5))
    assert worker.child.exit_code is None
    assert worker.children() == children
    assert list((grounds.settings.data_dir / "spool").glob("prepare-*")) == []


def decoders(worker: Worker) -> list[int]:
    return [pid for pid in descendants(worker.pid) if "decode_child.py" in command_line(pid)]


def test_threat_06_damaged_recordings_leave_the_worker_as_it_was(hall: tuple[Ground, Worker]) -> None:
    grounds, worker = hall
    children, seed = worker.children(), secrets.randbelow(2**32)
    bodies = {"tone.wav": tone(1.0)}
    for number in range(6):
        view = grounds.ended(grounds.submit(media=damaged(bodies, seed, number).body))
        assert view.state is RunState.COMPLETED or view.attempt == 1, f"seed {seed}, {number}: {view}"
    assert worker.child.exit_code is None
    assert worker.children() == children
