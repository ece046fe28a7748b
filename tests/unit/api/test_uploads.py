"""Uploads: hashed and counted while they stream, refused early, and no file left after any failure."""

import asyncio
import errno
import hashlib
import os
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
from aiofiles.threadpool.binary import AsyncBufferedIOBase

from api.services.form import FORM_ALLOWANCE_BYTES
from api.services.pace import Pace
from api.services.spool import STALE_S, Spool
from api.services.uploads import Envelope, Upload, Uploads
from stenopool.errors import ErrorCode, StenopoolError, TransientError, UsageError
from stenopool.media.kinds import WAV as WAV_KIND
from tests.unit.api.multipart_bodies import WAV, envelope, field, file, multipart, pieces, stream

LIMIT_BYTES = 3_000_000
PACE = Pace(min_bytes_per_s=0, window_s=20, deadline_s=3600)


def receive(
    spool: Spool, body: Iterable[bytes] | AsyncIterator[bytes], head: Envelope | None = None
) -> tuple[Upload, bytes]:
    async def main() -> tuple[Upload, bytes]:
        incoming = body if isinstance(body, AsyncIterator) else stream(body)
        async with Uploads(spool, LIMIT_BYTES, PACE).receive(head or envelope(), incoming) as upload:
            return upload, upload.path.read_bytes()

    return asyncio.run(main())


def refused(spool: Spool, body: Iterable[bytes], head: Envelope | None = None) -> ErrorCode:
    with pytest.raises(StenopoolError) as caught:
        receive(spool, body, head)
    return caught.value.code


@pytest.fixture
def spool(data_dir: Path) -> Spool:
    return Spool(data_dir / "spool", min_free_bytes=0)


@pytest.fixture
def leftovers(data_dir: Path) -> Iterable[None]:
    """Whatever a test does, it must leave no file."""
    yield
    assert list((data_dir / "spool").glob("*")) == []


pytestmark = pytest.mark.usefixtures("leftovers")


@pytest.mark.parametrize("piece_bytes", [977, 65_536, 10_000_000])
def test_an_upload_is_written_and_hashed_whole(spool: Spool, piece_bytes: int) -> None:
    content = WAV + os.urandom(2_500_000)
    upload, written = receive(spool, pieces(multipart(file(content), field("language", "de")), piece_bytes))
    assert written == content
    assert upload.fingerprint == hashlib.sha256(content).hexdigest()
    assert upload.size_bytes == len(content)
    assert upload.kind is WAV_KIND
    assert upload.name == "talk.wav"
    assert upload.fields == (("language", "de"),)


def test_a_file_smaller_than_what_sniffing_wants_is_taken(spool: Spool) -> None:
    assert receive(spool, pieces(multipart(file(WAV[:20])), 5))[0].size_bytes == 20


def test_a_spool_file_that_was_moved_away_stays_where_it_is(spool: Spool, data_dir: Path) -> None:
    kept = data_dir / "kept"

    async def main() -> None:
        async with Uploads(spool, LIMIT_BYTES, PACE).receive(envelope(), stream([multipart(file(WAV))])) as upload:
            upload.path.rename(kept)

    asyncio.run(main())
    assert kept.read_bytes() == WAV


def test_the_size_is_counted_whatever_was_said(spool: Spool) -> None:
    body = multipart(file(WAV + bytes(LIMIT_BYTES)))
    assert refused(spool, pieces(body, 65_536)) is ErrorCode.FILE_TOO_LARGE
    assert refused(spool, pieces(body, 65_536), envelope(content_length=10)) is ErrorCode.FILE_TOO_LARGE


def test_a_file_of_exactly_the_limit_is_taken(spool: Spool) -> None:
    body = multipart(file(WAV.ljust(LIMIT_BYTES, b"\0")))
    assert receive(spool, pieces(body, 65_536), envelope(len(body)))[0].size_bytes == LIMIT_BYTES


def test_a_length_over_the_limit_is_refused_before_the_body_is_read(spool: Spool) -> None:
    was_read = []

    async def body() -> AsyncIterator[bytes]:
        was_read.append(True)
        yield b""

    with pytest.raises(UsageError) as caught:
        receive(spool, body(), envelope(content_length=LIMIT_BYTES + FORM_ALLOWANCE_BYTES + 1))
    assert caught.value.code is ErrorCode.FILE_TOO_LARGE
    assert not was_read


def test_a_body_that_is_large_without_a_large_file_is_refused(spool: Spool) -> None:
    epilogue = [b"x" * 100_000] * (LIMIT_BYTES // 100_000 + 2)
    assert refused(spool, [multipart(file(WAV)), *epilogue]) is ErrorCode.FILE_TOO_LARGE


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" + bytes(5000), b"ffconcat version 1.0\nfile victim.wav\n"])
def test_what_is_no_recording_is_refused_by_its_content(spool: Spool, content: bytes) -> None:
    assert refused(spool, [multipart(file(content))]) is ErrorCode.NOT_AUDIO


def test_what_is_no_recording_is_refused_as_soon_as_its_beginning_is_there(spool: Spool) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield multipart(file(bytes(5000)))[:5000]
        raise AssertionError("more of the body was read")

    with pytest.raises(UsageError) as caught:
        receive(spool, body())
    assert caught.value.code is ErrorCode.NOT_AUDIO


def test_a_compressed_body_is_refused(spool: Spool) -> None:
    assert refused(spool, [], envelope(content_encoding="gzip")) is ErrorCode.UNSUPPORTED_ENCODING


def test_a_disk_under_its_mark_refuses_before_the_body_is_read(data_dir: Path) -> None:
    full = Spool(data_dir / "spool", min_free_bytes=1 << 60)
    assert refused(full, []) is ErrorCode.DISK_FULL


def test_a_file_that_would_bring_the_disk_under_its_mark_is_refused_by_its_length(data_dir: Path) -> None:
    free_bytes = os.statvfs(data_dir).f_bavail * os.statvfs(data_dir).f_frsize
    spool = Spool(data_dir / "spool", min_free_bytes=free_bytes - LIMIT_BYTES // 2)
    # Others write to the same disk: half the file's size is ample room for their share.
    assert refused(spool, [], envelope(content_length=LIMIT_BYTES + (1 << 16))) is ErrorCode.DISK_FULL


@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, ErrorCode.DISK_FULL), (errno.EIO, ErrorCode.STORE_UNAVAILABLE)]
)
def test_a_disk_that_fails_while_writing_is_told_without_a_path(
    spool: Spool, number: int, code: ErrorCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_self: object, _block: bytes) -> int:
        raise OSError(number, os.strerror(number), "/secret/path")

    monkeypatch.setattr(AsyncBufferedIOBase, "write", fail, raising=False)
    with pytest.raises(TransientError) as caught:
        receive(spool, [multipart(file(WAV))])
    assert caught.value.code is code
    assert "/secret" not in str(caught.value)


def test_a_client_that_breaks_off_leaves_no_file(spool: Spool) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield multipart(file(WAV + bytes(2_000_000)))[:1_500_000]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        receive(spool, body())


def test_an_upload_that_is_cancelled_leaves_no_file(spool: Spool, data_dir: Path) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield multipart(file(WAV + bytes(2_000_000)))[:1_500_000]
        assert list((data_dir / "spool").iterdir())
        await asyncio.Event().wait()

    async def main() -> None:
        async with asyncio.timeout(1):
            async with Uploads(spool, LIMIT_BYTES, PACE).receive(envelope(), body()):
                raise AssertionError("the upload was not whole")

    with pytest.raises(TimeoutError):
        asyncio.run(main())


def test_a_failure_after_the_upload_leaves_no_file(spool: Spool) -> None:
    async def main() -> None:
        async with Uploads(spool, LIMIT_BYTES, PACE).receive(envelope(), stream([multipart(file(WAV))])):
            raise RuntimeError("submission failed")

    with pytest.raises(RuntimeError, match="submission failed"):
        asyncio.run(main())


def test_only_what_killed_processes_left_is_swept_away(spool: Spool, data_dir: Path) -> None:
    folder = data_dir / "spool"
    folder.mkdir()
    for name, age_s in (("old", STALE_S + 60), ("fresh", 60)):
        (folder / name).write_bytes(b"x")
        moment = time.time() - age_s
        os.utime(folder / name, (moment, moment))
    assert spool.remove_stale() == 1
    assert [path.name for path in folder.iterdir()] == ["fresh"]
    (folder / "fresh").unlink()
