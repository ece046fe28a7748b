"""Asking the virus scanner: verdicts, and everything that is none."""

import io
import os
import select
import time
from pathlib import Path
from socket import socket

import pytest

from stenopool.errors import ErrorCode, FatalError, TransientError
from stenopool.local.ports import free_port
from stenopool.scanner import ScannerAddress, Verdict, scanner_address, verdict_of
from stenopool.settings import load_settings
from tests.fake_clamd import EICAR, FakeClamd
from worker.scanner import scan
from worker.units.bench import WorkStoppedError


def never() -> bool:
    return False


def asked(clamd: FakeClamd, body: bytes) -> Verdict:
    return scan(scanner_address(clamd.address), io.BytesIO(body), never, limit_s=10)


def refusal(clamd: FakeClamd, body: bytes = b"x", limit_s: float = 10) -> ErrorCode:
    with pytest.raises(TransientError) as caught:
        scan(scanner_address(clamd.address), io.BytesIO(body), never, limit_s)
    return caught.value.code


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 900_000])
def test_a_clean_file_arrives_whole_and_is_clean(size: int) -> None:
    body = os.urandom(size)
    with FakeClamd() as clamd:
        assert asked(clamd, body) == Verdict()
    assert clamd.scanned == [body]


def test_a_virus_is_found_wherever_it_lies() -> None:
    with FakeClamd() as clamd:
        assert asked(clamd, bytes(65_530) + EICAR + bytes(100_000)) == Verdict(found="Eicar-Test-Signature")


def test_a_unix_socket_will_do(tmp_path: Path) -> None:
    with FakeClamd(path=tmp_path / "clamd.ctl") as clamd:
        assert asked(clamd, EICAR).found


def test_a_file_that_is_larger_than_the_scanner_takes_is_told_while_it_is_sent() -> None:
    with FakeClamd(stream_max_bytes=100_000) as clamd:
        assert asked(clamd, bytes(20_000_000)) == Verdict(is_too_large=True)


def test_what_the_scanner_said_before_it_hung_up_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It hangs up between the look whether it speaks and the next piece of the file."""
    real = select.select

    def blind(to_read: list[socket], to_write: list[socket], failing: list[socket], limit_s: float) -> object:
        return real([] if to_write else to_read, to_write, failing, limit_s)

    monkeypatch.setattr("worker.scanner.select.select", blind)
    with FakeClamd(path=tmp_path / "clamd.ctl", stream_max_bytes=100_000) as clamd:
        assert asked(clamd, bytes(20_000_000)) == Verdict(is_too_large=True)


@pytest.mark.parametrize("limit", ["MaxFileSize", "MaxScanSize", "MaxScanTime"])
def test_a_file_that_was_not_scanned_to_its_end_is_not_infected(limit: str) -> None:
    # As clamd 1.4.6 says it with AlertExceedsMax.
    answer = f"stream: Heuristics.Limits.Exceeded.{limit} FOUND".encode()
    assert verdict_of(answer) == Verdict(is_too_large=True)


@pytest.mark.parametrize(
    "answer", [b"", b"stream: ERROR", b"Can't allocate memory ERROR", b"HTTP/1.1 400 Bad Request", b"\xff\xfe", b"OK"]
)
def test_an_answer_that_is_no_verdict_is_never_a_clean_one(answer: bytes) -> None:
    with FakeClamd(answer=lambda _: answer) as clamd:
        assert refusal(clamd) is ErrorCode.SCANNER_UNAVAILABLE
    with pytest.raises(TransientError):
        verdict_of(answer)


def test_nobody_there_is_unavailable(tmp_path: Path) -> None:
    assert refusal(FakeClamd(port=free_port())) is ErrorCode.SCANNER_UNAVAILABLE
    assert refusal(FakeClamd(path=tmp_path / "nobody")) is ErrorCode.SCANNER_UNAVAILABLE


def test_a_scanner_that_never_answers_is_given_up() -> None:
    def sleep(_: bytes) -> bytes:
        time.sleep(5)
        return b"stream: OK"

    with FakeClamd(answer=sleep) as clamd:
        before = time.monotonic()
        assert refusal(clamd, limit_s=0.5) is ErrorCode.SCANNER_UNAVAILABLE
        assert time.monotonic() - before < 3


def test_a_scan_ends_when_the_work_must_stop() -> None:
    def sleep(_: bytes) -> bytes:
        time.sleep(5)
        return b"stream: OK"

    with FakeClamd(answer=sleep) as clamd:
        before = time.monotonic()
        with pytest.raises(WorkStoppedError):
            scan(scanner_address(clamd.address), io.BytesIO(b"x"), lambda: time.monotonic() - before > 0.3)
        assert time.monotonic() - before < 3


def test_a_name_from_the_scanner_steers_no_terminal() -> None:
    assert verdict_of(b"stream: a\x1b[31m\nb FOUND\0").found == "a[31mb"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("clamd://av", ScannerAddress("av", 3310, "")),
        ("clamd://127.0.0.1:4000", ScannerAddress("127.0.0.1", 4000, "")),
        ("clamd://[::1]:4000", ScannerAddress("::1", 4000, "")),
        ("clamd:///run/clamav/clamd.ctl", ScannerAddress("", 0, "/run/clamav/clamd.ctl")),
    ],
)
def test_addresses_are_read(text: str, address: ScannerAddress) -> None:
    assert scanner_address(text) == address
    assert load_settings({"SCANNER": text}).scanner_address == address


@pytest.mark.parametrize(
    "text", ["av:3310", "http://av:3310", "clamd://", "clamd://av:0x", "clamd://av/path", "clamd://u:p@av", "clamd:///"]
)
def test_what_is_no_address_ends_the_start(text: str) -> None:
    with pytest.raises(FatalError, match=r"SCANNER|[Pp]ort"):
        load_settings({"SCANNER": text})


def test_a_scanner_that_is_required_must_be_named() -> None:
    assert load_settings({}).scanner_address is None
    with pytest.raises(FatalError, match="SCANNER_REQUIRED"):
        load_settings({"SCANNER_REQUIRED": "true"})


def test_the_test_string_is_the_one_that_every_scanner_knows() -> None:
    # eicar.org: 68 characters, beginning and ending so.
    assert (len(EICAR), EICAR[:4], EICAR[-5:]) == (68, b"X5O!", b"$H+H*")
