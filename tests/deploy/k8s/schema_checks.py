"""Checks of form: every manifest is one that the cluster and KEDA know, without a field too many."""

import functools
import json
from collections.abc import Iterator
from typing import Any, Final

import kubernetes_validate
from jsonschema import Draft202012Validator

from tests.deploy.k8s.installation import Installation, each_overlay
from tests.deploy.k8s.kustomize import Manifest

_TEXT: Final = {"type": "string", "minLength": 1}
_COUNT: Final = {"type": "integer", "minimum": 0}


def _closed(required: tuple[str, ...] = (), **properties: object) -> dict[str, object]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": properties,
    }


_RULES: Final = _closed(
    stabilizationWindowSeconds={"type": "integer", "minimum": 0, "maximum": 3600},
    selectPolicy={"enum": ["Max", "Min", "Disabled"]},
    policies={
        "type": "array",
        "minItems": 1,
        "items": _closed(
            ("type", "value", "periodSeconds"),
            type={"enum": ["Pods", "Percent"]},
            value={"type": "integer", "minimum": 1},
            periodSeconds={"type": "integer", "minimum": 1, "maximum": 1800},
        ),
    },
)

_METADATA_OF_TRIGGER: Final = {
    "redis": _closed(
        ("address", "listName"),
        address={"type": "string", "pattern": r"^[a-z0-9.-]+:\d+$"},
        listName=_TEXT,
        # A map of strings: KEDA's kind refuses numbers.
        listLength={"type": "string", "pattern": r"^[1-9]\d*$"},
        activationListLength={"type": "string", "pattern": r"^\d+$"},
        databaseIndex={"type": "string", "pattern": r"^\d+$"},
        enableTLS={"enum": ["true", "false"]},
    ),
    "prometheus": _closed(
        ("serverAddress", "query", "threshold"),
        serverAddress={"type": "string", "pattern": r"^https?://"},
        query=_TEXT,
        threshold={"type": "string", "pattern": r"^\d+(\.\d+)?$"},
        activationThreshold={"type": "string", "pattern": r"^\d+(\.\d+)?$"},
        ignoreNullValues={"enum": ["true", "false"]},
        authModes=_TEXT,
    ),
}

_TRIGGER: Final = {
    "oneOf": [
        _closed(
            ("type", "metadata"),
            type={"const": kind},
            name=_TEXT,
            metadata=metadata,
            useCachedMetrics={"type": "boolean"},
            authenticationRef=_closed(("name",), name=_TEXT),
            metricType={"enum": ["AverageValue", "Value"]},
        )
        for kind, metadata in _METADATA_OF_TRIGGER.items()
    ]
}

_SPECS: Final[dict[str, dict[str, Any]]] = {
    "ScaledObject": _closed(
        ("scaleTargetRef", "triggers"),
        scaleTargetRef=_closed(("name",), name=_TEXT, kind=_TEXT, apiVersion=_TEXT),
        pollingInterval=_COUNT,
        cooldownPeriod=_COUNT,
        minReplicaCount=_COUNT,
        maxReplicaCount=_COUNT,
        idleReplicaCount=_COUNT,
        fallback=_closed(
            ("failureThreshold", "replicas"),
            failureThreshold=_COUNT,
            replicas=_COUNT,
            behavior={"enum": ["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"]},
        ),
        advanced=_closed(
            horizontalPodAutoscalerConfig=_closed(name=_TEXT, behavior=_closed(scaleUp=_RULES, scaleDown=_RULES)),
        ),
        triggers={"type": "array", "minItems": 1, "items": _TRIGGER},
    ),
    "TriggerAuthentication": _closed(
        ("secretTargetRef",),
        secretTargetRef={
            "type": "array",
            "minItems": 1,
            "items": _closed(("parameter", "name", "key"), parameter=_TEXT, name=_TEXT, key=_TEXT),
        },
    ),
}
"""KEDA's two kinds, as far as they are used: its reference for 2.17, "ScaledObject specification" and "Authentication"."""


def keda_faults(manifest: Manifest) -> list[str]:
    """What is wrong with a ScaledObject or a TriggerAuthentication."""
    if manifest["apiVersion"] != "keda.sh/v1alpha1":
        return [f"{manifest['apiVersion']} is not KEDA's version"]
    schema = _closed(
        ("apiVersion", "kind", "metadata", "spec"),
        apiVersion=_TEXT,
        kind=_TEXT,
        metadata={"type": "object", "required": ["name"]},
        spec=_SPECS[manifest["kind"]],
    )
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(manifest)]


@functools.lru_cache(maxsize=512)
def _faults(manifest_json: str) -> tuple[str, ...]:
    manifest = json.loads(manifest_json)
    if manifest["kind"] in _SPECS:
        return tuple(keda_faults(manifest))
    try:
        kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)
    except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
        return (f"{type(error).__name__}: {getattr(error, 'message', '')}",)
    return ()


@each_overlay
def strictly_valid(found: Installation) -> Iterator[str]:
    """Every manifest is valid, strictly: unknown fields and unknown kinds are faults."""
    for manifest in found.manifests:
        yield from faults_of(manifest)


def faults_of(manifest: Manifest) -> Iterator[str]:
    """What is wrong with the form of a manifest."""
    name = f"{manifest['kind']} {manifest['metadata']['name']}"
    yield from (f"{name}: {fault}" for fault in _faults(json.dumps(manifest, sort_keys=True)))
