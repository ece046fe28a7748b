"""The written reference agrees with the code."""

from pathlib import Path

from api.problems import STATUS
from api.queries import ListQuery, ResultQuery
from api.schemas import StatusBody
from api.services.job_request import JOB_FIELDS
from stenopool.errors import ErrorCode
from stenopool.media.kinds import KINDS
from stenopool.transcripts.options import wire_names

REFERENCE = (Path(__file__).parents[3] / "docs/reference/http.md").read_text()


def test_every_code_is_in_the_reference_with_its_status() -> None:
    codes = list(ErrorCode)
    reasons = codes[codes.index(ErrorCode.UNDECODABLE_MEDIA) :]
    missing = [code for code in codes if code not in reasons and f"| `{code}` | {STATUS[code]} |" not in REFERENCE]
    missing += [code for code in reasons if f"| `{code}` |" not in REFERENCE]
    assert not missing


def test_every_option_and_kind_is_in_the_reference() -> None:
    assert [name for name in wire_names() if f"| `{name}` |" not in REFERENCE] == []
    assert [kind.name for kind in KINDS if kind.name not in REFERENCE] == []


def test_every_field_and_parameter_is_in_the_reference() -> None:
    names = [*JOB_FIELDS, *ListQuery.model_fields, *ResultQuery.model_fields, *StatusBody.model_fields]
    assert [name for name in names if f"`{name}`" not in REFERENCE] == []
