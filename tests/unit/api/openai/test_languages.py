"""Names of languages: one for each code, and back."""

import pytest

from api.services.openai.languages import NAMES, language_code, language_name
from stenopool.transcripts.options import LANGUAGES


def test_every_language_has_a_name() -> None:
    assert set(NAMES) == LANGUAGES


def test_no_two_languages_share_a_name() -> None:
    assert len(set(NAMES.values())) == len(NAMES)


@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_the_name_of_a_language_means_its_code(code: str) -> None:
    assert language_code(language_name(code)) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [("English", "en"), (" german ", "de"), ("haitian creole", "ht"), ("castilian", "es"), ("en", "en"), ("xx", "xx")],
)
def test_names_and_codes_are_taken(text: str, code: str) -> None:
    assert language_code(text) == code


def test_a_code_without_a_name_stays() -> None:
    assert language_name("tlh") == "tlh"
