"""The written reference of the door agrees with its tables."""

from pathlib import Path

from api.services.openai.audio_call import AnswerFormat
from api.services.openai.fields import FIELDS, OPTION_FIELDS

REFERENCE = (Path(__file__).parents[4] / "docs/reference/openai.md").read_text()


def test_every_field_is_in_the_reference_with_what_becomes_of_it() -> None:
    assert [name for name, rule in FIELDS.items() if f"| `{name}` | {rule.use.value} |" not in REFERENCE] == []


def test_every_option_and_format_is_in_the_reference() -> None:
    assert [name for name in (*OPTION_FIELDS, *AnswerFormat) if f"`{name}`" not in REFERENCE] == []
