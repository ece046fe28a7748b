"""Keys: how they look, and that they are compared safely."""

import ast
from pathlib import Path

import pytest

from stenopool.keys.format import digest_of, is_same_digest, key_id_of, mint_key

ROOT = Path(__file__).parents[3]
CAREFUL = (
    *sorted((ROOT / "stenopool/keys").glob("*.py")),
    *(ROOT / "api" / name for name in ("auth.py", "signed_bodies.py", "limits.py")),
    *(ROOT / "api/services" / name for name in ("access.py", "known_keys.py", "tokens.py")),
)
SECRET_NAMES = {
    *("digest", "bootstrap_digest", "body_sha256", "claimed", "credential", "credentials", "given", "hexdigest"),
    *("key", "secret", "signature", "signing_secret", "token"),
}


def named(node: ast.expr) -> str:
    """The last name in ``a.b.name`` or ``a.name()``."""
    if isinstance(node, ast.Call):
        return named(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def careless_comparisons(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Compare):
            continue
        compares = any(isinstance(operator, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for operator in node.ops)
        if compares and SECRET_NAMES & {named(side) for side in (node.left, *node.comparators)}:
            found.append(ast.unparse(node))
    return found


def test_a_key_tells_its_id_and_holds_256_random_bits() -> None:
    text, key_id = mint_key()
    assert text.startswith(f"sk_{key_id}_")
    assert key_id_of(text.encode()) == key_id
    # 43 characters of base64 hold 258 bits, of which 256 are random.
    assert len(text.rpartition(f"{key_id}_")[2]) == 43
    assert mint_key()[0] != text


@pytest.mark.parametrize(
    "bad", [b"", b"sk_", b"sk_0123456789ab_short", b"SK_0123456789ab_" + b"a" * 43, b"sk_../../../../x_" + b"a" * 43]
)
def test_what_is_no_key_has_no_id(bad: bytes) -> None:
    assert key_id_of(bad) is None


def test_a_key_with_a_line_break_behind_it_is_none() -> None:
    assert key_id_of(mint_key()[0].encode() + b"\n") is None


def test_digests_of_any_bytes_can_be_compared() -> None:
    odd = digest_of("schlüssel☃".encode())
    assert is_same_digest(odd, odd)
    assert not is_same_digest(odd, digest_of(b"\xff\xfe"))


def test_threat_22_no_secret_is_compared_with_the_equals_sign() -> None:
    assert len(CAREFUL) > 8
    assert {path.name: found for path in CAREFUL if (found := careless_comparisons(path.read_text()))} == {}


@pytest.mark.parametrize("line", ["record.digest == digest", "'a' != secret", "h.hexdigest() == x", "key in keys"])
def test_the_search_for_careless_comparisons_finds_them(line: str) -> None:
    assert careless_comparisons(line)
