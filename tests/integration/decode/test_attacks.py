"""Files that want more than to be heard: other files, the network, all the memory, all the time."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import av
import pytest

from stenopool.errors import ErrorCode, FatalError, StenopoolError, UsageError
from stenopool.media.kinds import KINDS, TAGGED
from tests.integration.decode.conftest import Decoder
from tests.integration.decode.made_media import id3_tag, repeat_flac, tone, write_bomb, write_wav
from tests.waiting import wait_until
from worker.pipeline import decode as decode_module
from worker.pipeline.decode import AUDIO_CODECS, DecodeLimits, DecodeStopped

CHILD = Path(decode_module.__file__).with_name("decode_child.py")
ALL_DEMUXERS = sorted({demuxer for kind in (*KINDS, TAGGED) for demuxer in kind.demuxers})

LONG = DecodeLimits(max_audio_s=1_000_000)


@pytest.fixture(scope="module")
def bomb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten hours of silence in 138 kB, of which the header admits one."""
    folder = tmp_path_factory.mktemp("bomb")
    return repeat_flac(write_bomb(folder / "hour.flac", hours=1), folder / "silence.flac", 10)


@pytest.fixture(scope="module")
def endless(bomb: Path) -> Path:
    """Two hundred hours: no machine decodes it while a test looks on."""
    return repeat_flac(bomb, bomb.with_name("endless.flac"), 20)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A TCP socket that nobody should connect to, and does not wait for anybody."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def nobody_came(listener: socket.socket) -> bool:
    try:
        listener.accept()
    except BlockingIOError:
        return True
    return False


def order(folder: Path, **changed: object) -> str:
    values: dict[str, object] = {
        "source": "media",
        "target": str(folder / "audio.pcm"),
        "demuxers": ALL_DEMUXERS,
        "codecs": sorted(AUDIO_CODECS),
        "max_samples": 16_000_000,
        "cpu_s": 60,
        "memory_bytes": 1 << 30,
        "parent_pid": os.getpid(),
    }
    return json.dumps(values | changed)


def run_child(folder: Path, **changed: object) -> dict[str, object]:
    """The child alone, without what the parent looks at before: it must hold by itself."""
    command = [sys.executable, "-I", str(CHILD), order(folder, **changed)]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=True)
    return cast("dict[str, object]", json.loads(done.stdout))


def play_lists(address: str) -> dict[str, bytes]:
    return {
        "ffconcat": b"ffconcat version 1.0\nfile victim.wav\n",
        "ffconcat of an address": f"ffconcat version 1.0\nfile http://{address}/a.wav\n".encode(),
        "HLS of a file": b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nvictim.wav\n#EXT-X-ENDLIST\n",
        "HLS of an address": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://{address}/a.wav\n".encode(),
        "SDP": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    }


@pytest.mark.parametrize("name", play_lists(""))
def test_threat_07_a_play_list_opens_nothing_even_where_the_victim_lies_beside_it(
    tmp_path: Path, listener: socket.socket, name: str
) -> None:
    host, port = listener.getsockname()
    write_wav(tmp_path / "victim.wav", [tone(16_000)])
    (tmp_path / "media").write_bytes(play_lists(f"{host}:{port}")[name])
    assert run_child(tmp_path)["refused"] == "undecodable_media"
    assert (tmp_path / "audio.pcm").stat().st_size == 0
    assert nobody_came(listener)


def test_threat_07_the_same_play_list_opens_the_victim_without_the_white_list(tmp_path: Path) -> None:
    """Shows that the test above can fail."""
    write_wav(tmp_path / "victim.wav", [tone(16_000)])
    (tmp_path / "media").write_bytes(play_lists("")["ffconcat"])
    with av.open(str(tmp_path / "media")) as container:
        assert container.format.name == "concat"
        assert sum(frame.samples for frame in container.decode(audio=0)) == 32_000


@pytest.mark.parametrize("name", play_lists(""))
def test_threat_07_a_play_list_in_disguise_is_undecodable(
    tmp_path: Path, decode: Decoder, listener: socket.socket, name: str
) -> None:
    host, port = listener.getsockname()
    write_wav(tmp_path / "victim.wav", [tone(16_000)])
    write_wav(decode.folder / "victim.wav", [tone(16_000)])
    # A tag longer than what is sniffed: the beginning says MP3.
    disguised = tmp_path / "talk.mp3"
    disguised.write_bytes(id3_tag(8_000) + play_lists(f"{host}:{port}")[name])
    with pytest.raises(UsageError) as caught:
        decode(disguised)
    assert caught.value.code is ErrorCode.UNDECODABLE_MEDIA
    assert nobody_came(listener)
    assert decode.left_behind() == ["victim.wav"]


def test_threat_07_the_child_works_in_a_folder_with_nothing_but_the_media(
    tmp_path: Path, decode: Decoder, endless: Path
) -> None:
    write_wav(decode.folder / "another.wav", [tone(16_000)])
    seen: list[list[str]] = []

    def look() -> bool:
        seen.extend([path.name for path in folder.iterdir()] for folder in decode.folder.glob("decode-*"))
        return bool(seen)

    with pytest.raises(DecodeStopped):
        decode(endless, LONG, look)
    assert seen == [["media"]]


def test_threat_04_ten_hours_of_silence_in_138_kb_are_too_long_within_little_memory(tmp_path: Path, bomb: Path) -> None:
    assert bomb.stat().st_size < 150_000
    # In a process of its own, so that no other child of the tests counts.
    code = (
        "import resource, sys\nfrom pathlib import Path\n"
        "from worker.pipeline.decode import DecodeLimits, decode_media\n"
        f"try:\n    decode_media(Path({str(bomb)!r}), Path({str(tmp_path / 'a.pcm')!r}), DecodeLimits(4 * 3600))\n"
        "except Exception as error:\n    print(error.code)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    refused, memory_mb = done.stdout.split()
    assert refused == "audio_too_long"
    assert int(memory_mb) < 300
    assert not (tmp_path / "a.pcm").exists()


def test_a_recording_as_long_as_is_allowed_passes(tmp_path: Path, decode: Decoder) -> None:
    source = write_wav(tmp_path / "a.wav", [tone(16_000, 2)])
    assert decode(source, DecodeLimits(max_audio_s=2)).n_samples == 32_000
    with pytest.raises(UsageError) as caught:
        decode(source, DecodeLimits(max_audio_s=1.999))
    assert caught.value.code is ErrorCode.AUDIO_TOO_LONG


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (DecodeLimits(max_audio_s=1_000_000, wall_s=0.5), ErrorCode.DECODE_TIMEOUT),
        (DecodeLimits(max_audio_s=1_000_000, cpu_s=1), ErrorCode.DECODE_TIMEOUT),
        (DecodeLimits(max_audio_s=1_000_000, memory_bytes=64 << 20), ErrorCode.OUT_OF_MEMORY),
    ],
    ids=["wall clock", "processor time", "memory"],
)
def test_threat_04_a_limit_that_is_reached_is_the_files_fault_and_leaves_nothing(
    decode: Decoder, endless: Path, limits: DecodeLimits, code: ErrorCode
) -> None:
    with pytest.raises(UsageError) as caught:
        decode(endless, limits)
    assert caught.value.code is code
    assert decode.left_behind() == []
    assert children() == []


def children() -> list[int]:
    """Running decoders that are children of this process."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and CHILD.name.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def test_a_decoding_that_is_no_longer_wanted_stops(decode: Decoder, endless: Path) -> None:
    with pytest.raises(DecodeStopped):
        decode(endless, LONG, lambda: bool(children()))
    assert children() == []
    assert decode.left_behind() == []


@pytest.mark.parametrize(
    ("number", "family", "code"),
    [
        (signal.SIGSEGV, UsageError, ErrorCode.UNDECODABLE_MEDIA),
        (signal.SIGABRT, UsageError, ErrorCode.UNDECODABLE_MEDIA),
        (signal.SIGKILL, FatalError, ErrorCode.OUT_OF_MEMORY),
        (signal.SIGTERM, FatalError, ErrorCode.WORKER_LOST),
    ],
)
def test_a_crash_is_the_files_fault_and_a_kill_is_not(
    decode: Decoder, endless: Path, number: signal.Signals, family: type[StenopoolError], code: ErrorCode
) -> None:
    def shoot() -> bool:
        for pid in children():
            os.kill(pid, number)
        return False

    with pytest.raises(family) as caught:
        decode(endless, LONG, shoot)
    assert caught.value.code is code
    assert decode.left_behind() == []


def test_a_full_disk_is_nobodys_fault(tmp_path: Path) -> None:
    # /dev/full answers every write as a full disk does; the child alone, as the parent removes its target.
    write_wav(tmp_path / "media", [tone(16_000)])
    assert run_child(tmp_path, target="/dev/full") == {"os_error": 28}


def test_a_scratch_folder_that_is_gone_is_an_unavailable_store(tmp_path: Path) -> None:
    source = write_wav(tmp_path / "a.wav", [tone(16_000)])
    with pytest.raises(StenopoolError) as caught:
        Decoder(tmp_path / "gone")(source)
    assert caught.value.code is ErrorCode.STORE_UNAVAILABLE


def test_the_decoder_hears_of_no_secret(
    tmp_path: Path, decode: Decoder, endless: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_PASSWORD", "secret")
    seen: list[bytes] = []

    def look() -> bool:
        seen.extend(Path(f"/proc/{pid}/environ").read_bytes() for pid in children())
        return bool(seen)

    with pytest.raises(DecodeStopped):
        decode(endless, LONG, look)
    assert b"secret" not in seen[0]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_the_decoder_dies_with_its_worker(tmp_path: Path) -> None:
    # A pipe that nobody writes to keeps FFmpeg waiting for ever.
    os.mkfifo(tmp_path / "media")
    code = (
        "import json, os, subprocess, sys\n"
        "order = json.loads(sys.argv[2]) | {'parent_pid': os.getpid()}\n"
        "child = subprocess.Popen([sys.executable, '-I', sys.argv[1], json.dumps(order)], cwd=sys.argv[3])\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    command = [sys.executable, "-c", code, str(CHILD), order(tmp_path), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        child = int(worker.stdout.readline())
        wait_until((tmp_path / "audio.pcm").exists, 20, "the decoder to begin")
        worker.kill()
    try:
        wait_until(lambda: not runs(child), 10, "the decoder to die with its parent")
    finally:
        if runs(child):
            os.kill(child, signal.SIGKILL)


def runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems know these limits in name only")
def test_the_decoder_binds_itself_before_it_opens_the_media(decode: Decoder, endless: Path) -> None:
    limits = DecodeLimits(max_audio_s=1_000_000, cpu_s=77, memory_bytes=900 << 20)
    seen: list[list[tuple[int, int]]] = []

    def look() -> bool:
        # The target is opened after the limits were set and before the media is.
        if decode.target.exists():
            kinds = (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_CORE)
            seen.extend([resource.prlimit(pid, kind) for kind in kinds] for pid in children())
        return bool(seen)

    with pytest.raises(DecodeStopped):
        decode(endless, limits, look)
    assert seen == [[(77, 82), (900 << 20, 900 << 20), (0, 0)]]
