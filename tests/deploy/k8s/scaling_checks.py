"""Checks of how many there are: the API's autoscaler, and the workers' by what the ledger and Prometheus count."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from stenopool.ledger import keys
from stenopool.metrics import OF_LEDGER, QUEUE_AUDIO
from stenopool.queueing.names import BELL_PREFIX, recognise_pool
from tests.deploy.k8s.installation import Installation, each_overlay
from tests.deploy.k8s.pod_checks import settings_of

_METRIC: Final = re.compile(r"\btranscription_[a-z_]+")


@each_overlay
def api_scaled(found: Installation) -> Iterator[str]:
    """Two to ten APIs, at 70 % of the CPU and 80 % of the memory that they ask for."""
    spec = found.one("HorizontalPodAutoscaler", "api")["spec"]
    if (spec["minReplicas"], spec["maxReplicas"]) != (2, 10):
        yield f"{spec['minReplicas']} to {spec['maxReplicas']} APIs, not 2 to 10"
    targets = {
        metric["resource"]["name"]: metric["resource"]["target"].get("averageUtilization") for metric in spec["metrics"]
    }
    if targets != {"cpu": 70, "memory": 80}:
        yield f"the API is scaled at {targets}"
    for scaler in found.of("HorizontalPodAutoscaler", "ScaledObject"):
        name = scaler["spec"]["scaleTargetRef"]["name"]
        if "replicas" in found.one("Deployment", name)["spec"]:
            yield f"{name}: each apply takes the autoscaler's number away"


@each_overlay
def workers_scaled(found: Installation) -> Iterator[str]:
    """Workers follow the ledger's open units and its waiting audio, never a Celery list, and go one by one."""
    spec = found.one("ScaledObject", "worker")["spec"]
    settings = settings_of(found, "worker")
    pool = recognise_pool(settings.engine, settings.model_size)
    triggers: dict[str, Mapping[str, Any]] = {trigger["type"]: trigger for trigger in spec["triggers"]}
    if spec["scaleTargetRef"]["name"] != "worker" or set(triggers) != {"redis", "prometheus"}:
        yield f"{spec['scaleTargetRef']['name']} is scaled by {', '.join(sorted(triggers))}"
        return
    yield from _faults_of_redis(triggers["redis"], pool, settings.redis_db)
    yield from _faults_of_query(triggers["prometheus"]["metadata"]["query"], pool)
    if not 1 <= spec["minReplicaCount"] < spec["maxReplicaCount"]:
        yield "no worker need be there, or no second one may come"
    if spec.get("fallback", {}).get("behavior") != "currentReplicas":
        yield "a Redis that is away changes the number of workers"
    down = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
    pace = [(policy["type"], policy["value"]) for policy in down["policies"]]
    if pace != [("Pods", 1)] or down["policies"][0]["periodSeconds"] < min(settings.stop_grace_s, 1800):
        yield "the next worker goes before the last one ended"
    if down["stabilizationWindowSeconds"] < 300:
        yield "a quiet minute sends workers away"


def _faults_of_redis(trigger: Mapping[str, Any], pool: str, database: int) -> Iterator[str]:
    metadata = trigger["metadata"]
    name = metadata["listName"]
    if name.startswith(BELL_PREFIX) or not name.startswith(keys.PREFIX):
        yield f"{name} is not the ledger's: a Celery list says nothing about the work"
    elif name != keys.open_units(pool):
        yield f"{name} is not {keys.open_units(pool)}"
    if metadata["listLength"] != "1":
        yield "fewer workers than units in hand: a busy one would be sent away"
    if metadata["address"] != "redis.stenopool.svc.cluster.local:6379" or metadata["databaseIndex"] != str(database):
        yield "KEDA counts in another Redis"
    if trigger.get("authenticationRef") != {"name": "redis"}:
        yield "KEDA has no password for Redis"


def _faults_of_query(query: str, pool: str) -> Iterator[str]:
    known = {metric.declared.full_name for metric in OF_LEDGER}
    named = set(_METRIC.findall(query))
    yield from (f"no metric is called {name}" for name in sorted(named - known))
    if named != {QUEUE_AUDIO.declared.full_name} or not query.startswith("max("):
        yield "the second trigger is not the waiting audio, the same at every API"
    if f'pool="{pool}"' not in query:
        yield f"the query does not ask for the pool {pool}"
