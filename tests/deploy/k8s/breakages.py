"""What goes wrong with manifests, each with the check that must see it."""

from typing import Final

from tests.deploy.breakages import Breakage, Check
from tests.deploy.k8s import (
    ingress_checks,
    models_checks,
    network_checks,
    pod_checks,
    reference_checks,
    scaling_checks,
    schema_checks,
)

_BASE: Final = "deploy/k8s/base"
_SCALED: Final = "deploy/k8s/autoscaling/worker.yaml"


def _in_base(name: str, file: str, old: str, new: str, check: Check) -> Breakage:
    return Breakage(f"kubernetes {name}", f"{_BASE}/{file}", old, new, check)


def _in_scaling(name: str, old: str, new: str) -> Breakage:
    return Breakage(f"kubernetes {name}", _SCALED, old, new, scaling_checks.workers_scaled)


_FORM: Final = (
    _in_base("a field is misspelt", "house.yaml", "resources:", "resourcez:", schema_checks.strictly_valid),
    Breakage(
        "kubernetes a field of KEDA is misspelt",
        _SCALED,
        "minReplicaCount",
        "minReplicas",
        schema_checks.strictly_valid,
    ),
)

_PODS: Final = (
    _in_base("a worker loses its liveness probe", "worker.yaml", "livenessProbe", "unused", pod_checks.probed),
    _in_base(
        "a probe is too hasty", "api.yaml", "initialDelaySeconds: 60", "initialDelaySeconds: 5", pod_checks.probed
    ),
    _in_base(
        "an outage of Redis restarts the API",
        "api.yaml",
        "livenessProbe:\n            httpGet:\n              path: /health/live",
        "livenessProbe:\n            httpGet:\n              path: /health/ready",
        pod_checks.probed,
    ),
    _in_base("a probe asks for a path that nobody answers", "api.yaml", "/health/ready", "/ready", pod_checks.probed),
    _in_base(
        "a probe is of another process",
        "beat.yaml",
        "stenopool.alive, beat",
        "stenopool.alive, house",
        pod_checks.probed,
    ),
    _in_base(
        "a model has no time to load", "worker.yaml", "failureThreshold: 60", "failureThreshold: 6", pod_checks.probed
    ),
    _in_base(
        "a worker is killed within its grace",
        "worker.yaml",
        "terminationGracePeriodSeconds: 330",
        "terminationGracePeriodSeconds: 30",
        pod_checks.time_to_stop,
    ),
    _in_base(
        "services name variables",
        "api.yaml",
        "enableServiceLinks: false",
        "enableServiceLinks: true",
        pod_checks.restricted,
    ),
    _in_base("a process may be root", "prepare.yaml", "runAsUser: 10001", "runAsUser: 0", pod_checks.restricted),
    _in_base(
        "a process writes into its image",
        "redis.yaml",
        "readOnlyRootFilesystem: true",
        "readOnlyRootFilesystem: false",
        pod_checks.restricted,
    ),
    _in_base(
        "the cluster takes any pod",
        "namespace.yaml",
        "enforce: restricted",
        "enforce: privileged",
        pod_checks.restricted,
    ),
    _in_base("a setting is misspelt", "config.yaml", "MAX_FILE_SIZE_MB", "MAX_FILE_SIZE", pod_checks.settings_valid),
    _in_base("a setting is refused", "config.yaml", 'WORKERS: "4"', 'WORKERS: "0"', pod_checks.settings_valid),
    _in_base(
        "processes that start together are ended",
        "api.yaml",
        '- --timeout-worker-healthcheck\n            - "60"',
        "",
        pod_checks.commands_known,
    ),
    _in_base("a secret is not mounted", "api.yaml", "path: METRICS_TOKEN", "path: METRICS", pod_checks.settings_valid),
    _in_base(
        "a worker listens where nobody rings",
        "worker.yaml",
        "-X, prepare",
        "-Q, prepare",
        pod_checks.commands_known,
    ),
    _in_base("the API listens on another port", "api.yaml", '- "8000"', '- "8080"', pod_checks.commands_known),
    _in_base("an image moves", "kustomization.yaml", "newTag: 0.1.0", "newTag: latest", pod_checks.images_pinned),
    _in_base("a container has no limit", "flower.yaml", "limits:", "requests:", pod_checks.sizes_agreed),
    Breakage(
        "kubernetes a GPU is asked for by nobody",
        "deploy/k8s/overlays/gpu/worker.yaml",
        'limits:\n              cpu: "4"\n              memory: 12Gi\n              nvidia.com/gpu: 1',
        'limits:\n              cpu: "4"\n              memory: 12Gi',
        pod_checks.sizes_agreed,
    ),
    Breakage(
        "kubernetes a worker uses more threads than it has cores",
        "deploy/k8s/overlays/cpu/worker.yaml",
        'value: "2"',
        'value: "8"',
        pod_checks.sizes_agreed,
    ),
)

_NAMES: Final = (
    _in_base(
        "a service leads to another port",
        "worker.yaml",
        "port: 9464\n      targetPort",
        "port: 9465\n      targetPort",
        reference_checks.services_lead_to_pods,
    ),
    _in_base(
        "Redis is open to the outside",
        "redis.yaml",
        "type: ClusterIP",
        "type: NodePort",
        reference_checks.services_lead_to_pods,
    ),
    _in_base(
        "a configuration is missing",
        "redis.yaml",
        "configMap:\n            name: redis",
        "configMap:\n            name: redis-settings",
        reference_checks.references_exist,
    ),
    Breakage(
        "kubernetes the operator is not told of a secret",
        "deploy/k8s/secrets.env.example",
        "FLOWER_BASIC_AUTH=",
        "FLOWER_AUTH=",
        reference_checks.references_exist,
    ),
    _in_base(
        "recordings lie on one node",
        "storage.yaml",
        "[ReadWriteMany]",
        "[ReadWriteOnce]",
        reference_checks.volumes_shared,
    ),
    _in_base("Redis evicts", "redis.yaml", "policy noeviction", "policy allkeys-lru", reference_checks.redis_keeps),
    _in_base("every process may empty Redis", "redis.yaml", " -@dangerous", "", reference_checks.redis_keeps),
    _in_base("Redis forgets", "redis.yaml", "appendonly yes", "appendonly no", reference_checks.redis_keeps),
    _in_base(
        "Redis asks for no password",
        "redis.yaml",
        "user default on >$(cat /run/secrets/stenopool/REDIS_PASSWORD)",
        "user default on nopass",
        reference_checks.redis_keeps,
    ),
    _in_base(
        "a budget holds up drains",
        "disruption.yaml",
        "maxUnavailable: 1",
        "minAvailable: 1",
        reference_checks.drains_go_on,
    ),
    _in_base("two clocks run", "beat.yaml", "type: Recreate", "type: RollingUpdate", reference_checks.one_clock),
    _in_base(
        "a long call is cut off",
        "ingress.yaml",
        'read-timeout: "660"',
        'read-timeout: "60"',
        ingress_checks.lets_through,
    ),
    _in_base("an upload is too large for the door", "ingress.yaml", "128m", "8m", ingress_checks.lets_through),
    _in_base(
        "streams are held back",
        "ingress.yaml",
        'proxy-buffering: "off"',
        'proxy-buffering: "on"',
        ingress_checks.lets_through,
    ),
    _in_base(
        "metrics are open to the outside", "ingress.yaml", "path: /metrics", "path: /metric", ingress_checks.keeps_shut
    ),
    _in_base(
        "links lead elsewhere",
        "config.yaml",
        "https://stenopool.example.com",
        "https://other.example.com",
        ingress_checks.leads_to_the_api,
    ),
)

_BOTH_DOORS: Final = Breakage(
    "kubernetes nginx refuses more than the Ingress does",
    "nginx/snippets/refused.conf",
    "(metrics|",
    "(metrics|admin|",
    ingress_checks.keeps_shut,
)

_MODELS: Final = (
    Breakage(
        "kubernetes everybody may fetch weights",
        "deploy/k8s/models/networkpolicy.yaml",
        "component: models",
        "component: worker",
        models_checks.weights_fetched,
    ),
    Breakage(
        "kubernetes weights come by another release",
        "deploy/k8s/models/kustomization.yaml",
        "newTag: 0.1.0",
        "newTag: 0.0.9",
        models_checks.weights_fetched,
    ),
)

_ROADS: Final = (
    _in_base(
        "anybody reaches Redis",
        "networkpolicies.yaml",
        "        - podSelector:\n            matchLabels:\n              app.kubernetes.io/name: stenopool\n            matchExpressions:",
        "        - namespaceSelector: {}\n          podSelector:\n            matchExpressions:",
        network_checks.nobody_else_enters,
    ),
    _in_base(
        "whoever is not named gets in",
        "networkpolicies.yaml",
        "policyTypes: [Ingress, Egress]",
        "policyTypes: [Egress]",
        network_checks.nobody_else_enters,
    ),
    _in_base(
        "workers leave the cluster",
        "networkpolicies.yaml",
        "      app.kubernetes.io/component: house\n  policyTypes: [Egress]",
        "      app.kubernetes.io/component: worker\n  policyTypes: [Egress]",
        network_checks.nobody_else_leaves,
    ),
    _in_base(
        "a webhook reaches a cloud's own keys",
        "networkpolicies.yaml",
        "              - 169.254.0.0/16\n",
        "",
        network_checks.nobody_else_leaves,
    ),
    _in_base(
        "nobody finds a name",
        "networkpolicies.yaml",
        "k8s-app: kube-dns",
        "k8s-app: kube-proxy",
        network_checks.nobody_else_leaves,
    ),
)

_NUMBERS: Final = (
    _in_base("more APIs than agreed", "api.yaml", "maxReplicas: 10", "maxReplicas: 100", scaling_checks.api_scaled),
    _in_base("each apply takes a number away", "worker.yaml", "spec:\n", "spec:\n  replicas: 3\n", scaling_checks.api_scaled),
    _in_scaling("workers follow a Celery list", "steno:open:", "steno:bell:"),
    _in_scaling("workers follow another model's work", "faster-whisper.base\n", "faster-whisper.small\n"),
    _in_scaling("a metric is renamed", "transcription_queue_audio_seconds", "transcription_queue_audio_s"),
    _in_scaling("busy workers are sent away", 'listLength: "1"', 'listLength: "5"'),
    _in_scaling("a silent Redis sends workers away", "behavior: currentReplicas", "behavior: static"),
    _in_scaling("workers go all at once", "type: Pods\n              value: 1", "type: Percent\n              value: 100"),
)  # fmt: skip

BREAKAGES: Final[tuple[Breakage, ...]] = (*_FORM, *_PODS, *_NAMES, _BOTH_DOORS, *_MODELS, *_ROADS, *_NUMBERS)
