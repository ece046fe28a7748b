"""Signed requests: any change of any part, or too much time, makes them bad."""

import hashlib
import hmac
from dataclasses import replace

import pytest

from stenopool.keys.signing import SignedRequest, is_signed, signature

SECRET = "sig_test"
NOW = 1_900_000_000
REQUEST = SignedRequest("POST", b"/transcribe?x=1", str(NOW), hashlib.sha256(b"body").hexdigest())


def test_the_signature_is_what_the_reference_says() -> None:
    text = f"POST\n/transcribe?x=1\n{NOW}\n{hashlib.sha256(b'body').hexdigest()}"
    assert signature(SECRET, REQUEST) == "v1=" + hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    assert is_signed(SECRET, REQUEST, signature(SECRET, REQUEST), NOW)


@pytest.mark.parametrize(
    "changed",
    [
        replace(REQUEST, method="GET"),
        replace(REQUEST, target=b"/transcribe"),
        replace(REQUEST, timestamp=str(NOW + 1)),
        replace(REQUEST, body_sha256="0" * 64),
    ],
)
def test_a_changed_request_is_not_signed(changed: SignedRequest) -> None:
    assert not is_signed(SECRET, changed, signature(SECRET, REQUEST), NOW)


def test_another_secret_does_not_sign() -> None:
    assert not is_signed(SECRET, REQUEST, signature("sig_other", REQUEST), NOW)


@pytest.mark.parametrize(("age_s", "is_good"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_a_signature_is_good_for_five_minutes_either_way(age_s: int, is_good: bool) -> None:
    assert is_signed(SECRET, REQUEST, signature(SECRET, REQUEST), NOW + age_s) is is_good


@pytest.mark.parametrize("stamp", ["", "soon", "-1", "١٢٣", "1e9", "9" * 400])
def test_a_time_that_is_none_is_refused(stamp: str) -> None:
    odd = replace(REQUEST, timestamp=stamp)
    assert not is_signed(SECRET, odd, signature(SECRET, odd), NOW)


def test_a_signature_beyond_ascii_is_a_wrong_one() -> None:
    assert not is_signed(SECRET, REQUEST, "v1=☃", NOW)
