"""The Python client is held to docs/openapi.json: every field, every option, every operation."""

import inspect
import json
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Final

import pytest

import stenopool_client as client
from stenopool_client import _flows, _following
from stenopool_client.testing import MockServer

DOCUMENT: Final = json.loads((Path(__file__).parents[3] / "docs" / "openapi.json").read_text(encoding="utf-8"))
SCHEMAS: Final = DOCUMENT["components"]["schemas"]

MODELS: Final = {
    client.Accepted: "AcceptedBody",
    client.Reason: "ReasonBody",
    client.JobStatus: "StatusBody",
    client.JobPage: "ListBody",
    client.Word: "WordBody",
    client.Segment: "SegmentBody",
    client.Result: "ResultBody",
    client.Removed: "RemovedBody",
    client.MediaLink: "MediaLinkBody",
    client.Peaks: "PeaksBody",
    client.WebhookTry: "TryBody",
    client.WebhookDelivery: "DeliveryBody",
    client.WebhookLog: "WebhookLogBody",
    client.UsageCounts: "UsageCounts",
    client.UsageDay: "UsageDayBody",
    client.Usage: "api__usage_schemas__UsageBody",
    client.Check: "CheckBody",
    client.Health: "HealthBody",
    client.Model: "ModelBody",
}

LEFT_OUT: Final = {
    "head_result": "GET answers the same, and a result is small",
    "head_media": "GET answers the same",
    "head_peaks": "GET answers the same",
    "head_linked_media": "for players",
    "play_media": "for players",
    "openai_create_transcription": "OpenAI's own client calls it",
    "openai_create_translation": "OpenAI's own client calls it",
    "openai_get_model": "models() lists them",
    "probe_liveness": "for orchestrators",
    "probe_readiness": "for orchestrators",
    "get_statistics": "for insiders",
}
"""Operations without a method, and why."""


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    return SCHEMAS[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


def shape(hint: Any) -> tuple[str, bool]:
    """JSON type and whether null is allowed, of an annotation."""
    parts = [part for part in typing.get_args(hint) if part is not type(None)]
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return shape(parts[0])[0], True
    origin = typing.get_origin(hint) or hint
    if origin is typing.Literal:
        return "string", False
    known = {str: "string", int: "integer", float: "number", bool: "boolean", tuple: "array", Mapping: "object"}
    return known.get(origin, "object" if origin in MODELS else "string"), False


def told(schema: dict[str, Any]) -> tuple[str, bool]:
    """The same of a schema."""
    choices = schema.get("anyOf", [schema])
    kinds = [resolved(choice).get("type", "object") for choice in choices]
    return next(kind for kind in kinds if kind != "null"), "null" in kinds


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_model_has_the_fields_of_its_schema(model: type) -> None:
    schema = SCHEMAS[MODELS[model]]
    hints = typing.get_type_hints(model)
    assert {field.name for field in fields(model)} == set(schema["properties"])
    for field in fields(model):
        assert shape(hints[field.name]) == told(schema["properties"][field.name]), field.name
        assert (field.default is MISSING) == (field.name in schema["required"]), field.name


def choices(schema: str) -> set[str]:
    return set(SCHEMAS[schema]["enum"])


def test_states_are_those_of_the_document() -> None:
    assert set(typing.get_args(client.JobState)) == choices("RunState")
    assert set(typing.get_args(typing.get_type_hints(client.Removed)["status"])) == choices("Removed")
    assert set(typing.get_args(typing.get_type_hints(client.WebhookDelivery)["state"])) == choices("DeliveryState")


def parameters(path: str, method: str) -> dict[str, str]:
    found = DOCUMENT["paths"][path][method]["parameters"]
    return {one["name"]: told(one["schema"])[0] for one in found if one["in"] == "query"}


@pytest.mark.parametrize(
    ("options", "path", "method", "apart"),
    [
        (client.SubmitOptions, "/transcribe", "post", set()),
        (client.SubtitleLayout, "/result/{job_id}", "get", {"format"}),
        (client.JobFilter, "/jobs", "get", {"limit", "after"}),
    ],
    ids=["submit", "result", "list"],
)
def test_options_are_those_of_the_document(options: type, path: str, method: str, apart: set[str]) -> None:
    asked = {name: kind for name, kind in parameters(path, method).items() if name not in apart}
    # Metadata is an object here and its JSON text on the wire.
    said = {name: shape(hint)[0] for name, hint in typing.get_type_hints(options).items() if name != "metadata"}
    assert said == {name: kind for name, kind in asked.items() if name != "metadata"}
    assert ("metadata" in asked) == ("metadata" in typing.get_type_hints(options))


def called() -> set[tuple[str, str]]:
    """Method and path of all that the flows call, out of their source."""
    source = inspect.getsource(_flows) + inspect.getsource(_following)
    direct = re.findall(r'Call\("(\w+)", "(/[^"]+)"', source)
    jobs = re.findall(r'Call\("(\w+)", job_path\(job_id(?:, "([^"]+)")?\)', source)
    read = re.findall(r'read\(rules, "([^"]+)"', source) + [
        "/jobs/{job_id}" + rest for rest in re.findall(r'read\(rules, job_path\(job_id, "([^"]+)"', source)
    ]
    streams = ["/jobs/events", "/jobs/{job_id}/events"]
    return {
        *direct,
        *((method, "/jobs/{job_id}" + rest) for method, rest in jobs),
        *(("GET", one) for one in read + streams),
    }


def test_every_operation_is_called_or_left_out_for_a_reason() -> None:
    same = {
        "/status/{job_id}": "/jobs/{job_id}",
        "/job/{job_id}": "/jobs/{job_id}",
        "/result/{job_id}": "/jobs/{job_id}/result",
    }
    operations = {
        operation["operationId"]: (method.upper(), same.get(path, path))
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    }
    missing = {name for name, address in operations.items() if address not in called()}
    assert missing == set(LEFT_OUT)
    assert called() <= set(operations.values())


def test_the_mock_server_answers_as_the_document_says() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    server = MockServer()
    with server.client() as api:
        server.fail_next()
        failed, done = api.submit(b"1").job_id, api.submit(b"2", external_id="a").job_id
        api.wait_for_end(failed)
        api.wait_for_end(done)
    http = server.client()._http
    for path, schema in {
        "/jobs": "ListBody",
        f"/jobs/{failed}": "StatusBody",
        f"/jobs/{done}/result": "ResultBody",
        f"/jobs/{failed}/result": "Problem",
        "/jobs/nobody": "Problem",
        "/health": "HealthBody",
    }.items():
        validator = jsonschema.Draft202012Validator({**DOCUMENT, "$ref": f"#/components/schemas/{schema}"})
        assert [error.message for error in validator.iter_errors(http.get(path).json())] == [], path
    http.close()
