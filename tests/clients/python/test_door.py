"""The one public door of the Python client: what it exports, and that both clients are the same."""

import ast
import inspect
import typing
from pathlib import Path

import pytest

import stenopool_client
from stenopool_client import AsyncClient, Client

SOURCE = Path(stenopool_client.__file__).parent


def public(module: str) -> set[str]:
    """Names of classes and aliases that a public module of the package defines."""
    tree = ast.parse((SOURCE / module).read_text(encoding="utf-8"))
    names = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return {name for name in names if not name.startswith("_")}


def test_all_is_sorted_and_says_what_is_there() -> None:
    names = stenopool_client.__all__
    assert names == sorted(names)
    there = {name for name, value in vars(stenopool_client).items() if not inspect.ismodule(value)}
    assert set(names) - {"__version__"} == {name for name in there if not name.startswith("_")}


@pytest.mark.parametrize("module", ["errors.py", "events.py", "models.py", "options.py"])
def test_every_public_name_of_a_module_is_exported(module: str) -> None:
    assert public(module) <= set(stenopool_client.__all__)


def methods(kind: type) -> dict[str, object]:
    return {name: value for name, value in vars(kind).items() if not name.startswith("_") and name != "close"}


def test_both_clients_have_the_same_methods_parameters_and_words() -> None:
    awaited = {name: value for name, value in methods(AsyncClient).items() if name != "aclose"}
    assert methods(Client).keys() == awaited.keys()
    for name, value in methods(Client).items():
        assert inspect.getdoc(value) == inspect.getdoc(awaited[name]), name
        if inspect.isfunction(value):
            twin = awaited[name]
            assert inspect.isfunction(twin)
            assert inspect.signature(value).parameters.keys() == inspect.signature(twin).parameters.keys(), name


def test_every_error_is_told_apart_from_its_family() -> None:
    family = stenopool_client.StenopoolError
    errors = [getattr(stenopool_client, name) for name in stenopool_client.__all__ if name.endswith("Error")]
    assert all(issubclass(error, family) for error in errors)
    assert not issubclass(stenopool_client.JobFailedError, stenopool_client.ApiError)
    assert issubclass(stenopool_client.QuotaExceededError, stenopool_client.RateLimitedError)


def test_the_package_says_that_it_is_typed() -> None:
    assert (SOURCE / "py.typed").exists()
    assert typing.get_type_hints(Client.submit)["return"] is stenopool_client.Accepted
