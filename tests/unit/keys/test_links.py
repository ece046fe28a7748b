"""Links: what was signed comes back, what was not does not."""

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stenopool.keys.link_secret import LINK_SECRET_KEY, known_link_secret, link_secret
from stenopool.keys.links import MediaLink, read, sign
from stenopool.media.local_store import LocalStore

SECRET = b"s" * 32
LINK = MediaLink("a" * 32, "acme", datetime(2026, 11, 25, 12, tzinfo=UTC))


@pytest.mark.parametrize("tenant", ["a", "acme", "some.one@example-host", "t" * 64])
def test_a_link_comes_back_as_it_was_signed(tenant: str) -> None:
    link = MediaLink(LINK.job_id, tenant, LINK.expires_at)
    token = sign(SECRET, link)
    assert read(SECRET, token) == link
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_no_changed_character_makes_another_good_link() -> None:
    token = sign(SECRET, LINK)
    for place, was in enumerate(token):
        for other in ("A", "B", "."):
            if other != was:
                assert read(SECRET, token[:place] + other + token[place + 1 :]) is None, place


@pytest.mark.parametrize(
    "changed", [{"job_id": "b" * 32}, {"tenant": "zeta"}, {"expires_at": datetime(2027, 1, 1, tzinfo=UTC)}]
)
def test_a_signature_serves_no_other_job_tenant_or_end(changed: dict[str, str | datetime]) -> None:
    own = sign(SECRET, LINK).partition(".")[2]
    values = {"job_id": LINK.job_id, "tenant": LINK.tenant, "expires_at": LINK.expires_at, **changed}
    other = sign(SECRET, MediaLink(**values)).partition(".")[0]  # type: ignore[arg-type]  # Of three types.
    assert read(SECRET, f"{other}.{own}") is None


@pytest.mark.parametrize(
    "token", ["", ".", "a.b", "é" * 60 + ".x", "A" * 100_000, sign(SECRET, LINK) + "\n", sign(SECRET, LINK)[:-1]]
)
def test_what_is_no_token_opens_nothing(token: str) -> None:
    assert read(SECRET, token) is None


def test_another_installations_link_opens_nothing_here() -> None:
    assert read(b"t" * 32, sign(SECRET, LINK)) is None


def test_a_token_says_job_tenant_and_end_and_no_more() -> None:
    payload = sign(SECRET, LINK).partition(".")[0]
    # 2026-11-25 12:00 UTC is 20,782 days and a half after the epoch: 1,795,608,000 s (date -u -d @1795608000).
    assert base64.urlsafe_b64decode(payload + "==").decode() == f"1795608000\n{'a' * 32}\nacme"


def test_the_secret_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    assert known_link_secret(store) is None
    made = link_secret(store)
    assert len(made) == 32
    assert link_secret(LocalStore(tmp_path)) == known_link_secret(store) == made
    assert (tmp_path / LINK_SECRET_KEY).stat().st_mode & 0o777 == 0o600
