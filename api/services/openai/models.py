"""Which model a name means: the operator's own names, and the one that every client of OpenAI's API knows."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

from api.services.openai.refusals import FieldError
from stenopool.errors import ErrorCode

WHISPER_1: Final = "whisper-1"
"""OpenAI's name of Whisper: here the operator's default model."""


class OfferedModels:
    """The names that may be asked for. ``models`` are the operator's, the default first; at least one."""

    def __init__(self, models: Sequence[str]) -> None:
        shown = {name: model for model in reversed(models) for name in (model, _shown(model))}
        self._by_name = {**shown, WHISPER_1: models[0]}
        self.names: tuple[str, ...] = tuple(dict.fromkeys((WHISPER_1, *map(_shown, models))))
        """What is listed: no name tells a folder of this machine."""

    def model(self, name: str) -> str:
        """The operator's model that ``name`` means; an empty name means the default.

        Raises:
            FieldError: ``model_not_found``, with the names that are offered.
        """
        asked = name.strip() or WHISPER_1
        if asked not in self._by_name:
            hint = f"models are: {', '.join(self.names)}"
            raise FieldError(ErrorCode.MODEL_NOT_FOUND, "model", f"the model {asked[:60]!r} does not exist here", hint)
        return self._by_name[asked]


def _shown(model: str) -> str:
    path = PurePath(model)
    return path.name if path.is_absolute() else model
