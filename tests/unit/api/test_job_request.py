"""What a submission asks: known fields, offered models, names that can be stored and shown again."""

import json

import pytest

from api.services.job_request import JobRequest, parse_request, require_key
from stenopool.errors import ErrorCode, UsageError
from stenopool.webhooks.addresses import Openings

OFFERED = ("base", "large-v3")


def parse(**fields: str) -> JobRequest:
    return parse_request(fields.items(), OFFERED)


def refused(**fields: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parse(**fields)
    return caught.value


def test_the_first_model_is_the_default() -> None:
    assert parse().model == parse(model=" ").model == "base"
    assert parse(model="large-v3").model == "large-v3"


def test_a_model_that_is_not_run_is_refused_with_the_list() -> None:
    error = refused(model="tiny")
    assert error.code is ErrorCode.MODEL_NOT_OFFERED
    assert "base, large-v3" in error.hint


@pytest.mark.parametrize(
    ("wrong", "right"), [("modl", "model"), ("langage", "language"), ("externalid", "external_id")]
)
def test_an_unknown_field_is_refused_with_the_nearest_name(wrong: str, right: str) -> None:
    error = refused(**{wrong: "x"})
    assert error.code is ErrorCode.UNKNOWN_FIELD
    assert repr(right) in error.hint


def test_a_field_given_twice_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        parse_request([("model", "base"), ("model", "base")], OFFERED)
    assert caught.value.code is ErrorCode.INVALID_OPTION


def test_metadata_come_back_as_they_were() -> None:
    value = {"a": [1, 2.5, None, True, {"b": "ü"}], "n": 10**30}
    assert parse(metadata=json.dumps(value)).metadata == value
    assert parse(metadata="").metadata is None


@pytest.mark.parametrize(
    "text",
    [
        "[1]",
        '"text"',
        "{",
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": "\\ud800"}',
        '{"a": ' + "[" * 900 + "]" * 900 + "}",
        '{"a": ' + "[" * 21 + "]" * 21 + "}",
        '{"a": "' + "x" * 2048 + '"}',
    ],
)
def test_metadata_that_could_not_be_shown_again_are_refused(text: str) -> None:
    error = refused(metadata=text)
    assert error.code is ErrorCode.INVALID_OPTION
    assert error.message.startswith("metadata")


@pytest.mark.parametrize("name", ["x" * 201, "a\nb", "a\u202eb", "a\x00"])
def test_an_external_id_that_harms_a_list_is_refused(name: str) -> None:
    assert refused(external_id=name).message.startswith("external_id")


def test_an_external_id_may_be_in_any_script() -> None:
    assert parse(external_id=" рукопись №1 ").external_id == "рукопись №1"


def test_names_and_model_are_part_of_what_makes_requests_equal() -> None:
    hook = parse(webhook_url="https://app.example/")
    requests = [parse(), parse(model="large-v3"), parse(external_id="a"), parse(metadata='{"a":1}'), hook]
    assert len({request.further for request in requests}) == 5
    assert parse(metadata='{"a":1,"b":2}').further == parse(metadata='{"b":2,"a":1}').further


def test_a_webhook_url_is_taken_as_it_came_and_only_where_it_may_lead() -> None:
    assert parse(webhook_url=" https://app.example/a?b ").webhook_url == "https://app.example/a?b"
    assert parse(webhook_url="").webhook_url is None
    assert refused(webhook_url="http://127.0.0.1/").message.startswith("webhook_url")
    opened = Openings.of(["127.0.0.0/8"], [])
    assert parse_request([("webhook_url", "http://127.0.0.1/")], OFFERED, opened).webhook_url == "http://127.0.0.1/"


@pytest.mark.parametrize("key", ["", "a" * 256, "a b", "ü", "a\x7f"])
def test_a_key_that_is_not_visible_ascii_is_refused(key: str) -> None:
    with pytest.raises(UsageError) as caught:
        require_key(key)
    assert caught.value.code is ErrorCode.INVALID_REQUEST


def test_a_key_of_255_characters_is_taken() -> None:
    assert require_key("k" * 255) == "k" * 255
    assert require_key(None) is None
