"""Tokens: one key, one algorithm, three claims; every known way to forge one ends outside."""

import base64
import hashlib
import hmac
import json
import time
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from api.services.tokens import TokenRules, Tokens, tokens_of
from stenopool.errors import FatalError
from stenopool.keys.model import USUAL_SCOPES, Scope
from stenopool.settings import load_settings

SECRET = "0123456789abcdef0123456789abcdef"


@cache
def pair() -> tuple[str, str]:
    """A private key and its public one, PEM."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), public.decode()


def rules(**changes: str) -> TokenRules:
    values = {"key": pair()[1], "algorithm": "RS256", "audience": "steno", "issuer": "idp", "tenant_claim": "org"}
    return TokenRules(**(values | changes))


def claims(**changes: Any) -> dict[str, Any]:
    values = {"aud": "steno", "iss": "idp", "exp": int(time.time()) + 600, "org": "acme", "sub": "ann"} | changes
    return {name: value for name, value in values.items() if value is not None}


def token(headers: dict[str, Any] | None = None, **changes: Any) -> bytes:
    return jwt.encode(claims(**changes), pair()[0], algorithm="RS256", headers=headers).encode()


def part(value: dict[str, Any]) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")


def test_a_good_token_lets_its_tenant_in() -> None:
    caller = Tokens(rules()).caller(token())
    assert caller is not None
    assert (caller.tenant, caller.who, caller.scopes) == ("acme", "token:acme:ann", frozenset(USUAL_SCOPES))


def test_scopes_are_those_of_the_claim() -> None:
    caller = Tokens(rules()).caller(token(scope="read openid"))
    assert caller is not None
    assert caller.scopes == {Scope.READ}


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"aud": "other"},
        {"aud": None},
        {"iss": "other"},
        {"iss": None},
        {"org": None},
        {"org": "anonymous"},
        {"org": "a:b"},
        {"org": ["acme"]},
        {"org": 7},
    ],
)
def test_threat_23_a_token_with_a_claim_missing_or_wrong_is_refused(changes: dict[str, Any]) -> None:
    assert Tokens(rules()).caller(token(**changes)) is None


@pytest.mark.parametrize(("claim", "seconds_from_now"), [("exp", -60), ("nbf", 600)])
def test_threat_23_a_token_out_of_its_time_is_refused(claim: str, seconds_from_now: int) -> None:
    # Counted from now, not from when the tests were collected: a whole run takes longer than ten minutes.
    assert Tokens(rules()).caller(token(None, **{claim: int(time.time()) + seconds_from_now})) is None


def test_threat_23_a_token_that_wants_no_algorithm_is_refused() -> None:
    for name in ("none", "None", "NONE"):
        forged = part({"alg": name, "typ": "JWT"}) + b"." + part(claims()) + b"."
        assert Tokens(rules()).caller(forged) is None


def test_threat_23_a_token_signed_with_the_public_key_as_a_secret_is_refused() -> None:
    signed = part({"alg": "HS256", "typ": "JWT"}) + b"." + part(claims())
    mac = hmac.new(pair()[1].encode(), signed, hashlib.sha256).digest()
    assert Tokens(rules()).caller(signed + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")) is None


def test_threat_23_a_token_of_another_algorithm_of_the_same_key_is_refused() -> None:
    other = jwt.encode(claims(), pair()[0], algorithm="RS512").encode()
    assert Tokens(rules()).caller(other) is None


@pytest.mark.parametrize(
    "headers",
    [{"jku": "http://127.0.0.1:1/keys"}, {"kid": "../../../../dev/null"}, {"x5u": "http://127.0.0.1:1/"}],
)
def test_threat_23_where_a_token_says_its_key_lies_does_not_count(headers: dict[str, Any]) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = jwt.encode(claims(), stranger, algorithm="RS256", headers=headers).encode()
    assert Tokens(rules()).caller(forged) is None


def test_threat_23_a_critical_header_nobody_knows_is_refused() -> None:
    assert Tokens(rules()).caller(token(headers={"crit": ["x"], "x": 1})) is None


@pytest.mark.parametrize("odd", [b"", b"..", b"a.b.c", b"\xff.\xff.\xff", "☃.☃.☃".encode(), b"x" * 20_000])
def test_what_is_no_token_is_refused(odd: bytes) -> None:
    assert Tokens(rules()).caller(odd) is None


def test_a_shared_secret_works_where_it_is_configured() -> None:
    shared = Tokens(rules(key=SECRET, algorithm="HS256"))
    assert shared.caller(jwt.encode(claims(), SECRET, algorithm="HS256").encode()) is not None
    assert shared.caller(token()) is None


def wrong_keys() -> list[TokenRules]:
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return [rules(algorithm="HS256"), rules(key="no pem"), rules(key=pem), rules(key="short", algorithm="HS256")]


@pytest.mark.parametrize("index", range(4), ids=["public-as-secret", "no-pem", "other-kind", "short"])
def test_a_key_that_does_not_fit_its_algorithm_ends_the_start(index: int) -> None:
    with pytest.raises(FatalError, match="JWT_KEY"):
        Tokens(wrong_keys()[index])


def test_tokens_need_an_audience_and_an_issuer() -> None:
    assert tokens_of(load_settings({})) is None
    with pytest.raises(FatalError, match="JWT_AUDIENCE"):
        load_settings({"JWT_KEY": SECRET})
