"""Names of models: OpenAI's own and the operator's mean what runs, others are told what there is."""

import pytest

from api.services.openai.models import OfferedModels
from api.services.openai.refusals import FieldError
from stenopool.errors import ErrorCode


def test_the_known_name_and_the_default_mean_the_first_model() -> None:
    models = OfferedModels(["base", "small"])
    assert [models.model(name) for name in ("whisper-1", "", "base", " small ")] == ["base", "base", "base", "small"]
    assert models.names == ("whisper-1", "base", "small")


def test_an_unknown_model_is_told_what_is_offered() -> None:
    with pytest.raises(FieldError) as caught:
        OfferedModels(["base"]).model("large-v3")
    assert (caught.value.code, caught.value.param) == (ErrorCode.MODEL_NOT_FOUND, "model")
    assert caught.value.hint == "models are: whisper-1, base"


def test_a_folder_of_weights_is_listed_without_its_place() -> None:
    models = OfferedModels(["/srv/weights/house-model"])
    assert models.names == ("whisper-1", "house-model")
    assert models.model("house-model") == models.model("/srv/weights/house-model") == "/srv/weights/house-model"


def test_a_model_of_the_operator_may_carry_the_known_name() -> None:
    assert OfferedModels(["base", "whisper-1"]).names == ("whisper-1", "base")
