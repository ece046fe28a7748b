"""Slips of the pen in the compose files, each of which one of the checks finds."""

from typing import Final

from tests.deploy.breakages import Breakage
from tests.deploy.compose import checks, rights
from tests.deploy.compose.compose_file import BASE, GPU, LARGE

_WORKER: Final = "  worker:\n    <<: [*ours, *worker-image, *stop]\n"
_REDIS_PORTS: Final = '    volumes: ["redis:/data"]\n'

BREAKAGES: Final = (
    Breakage("redis evicts", BASE, "maxmemory-policy noeviction", "maxmemory-policy allkeys-lru", checks.check_redis),
    Breakage("redis without append only file", BASE, "appendonly yes", "appendonly no", checks.check_redis),
    Breakage("redis without a password", BASE, "on >$$(cat /run/secrets/redis_password)", "on nopass", checks.check_redis),
    Breakage("redis processes may do all", BASE, "+@all -@admin -@dangerous +info", "+@all", checks.check_redis),
    Breakage("redis published", BASE, _REDIS_PORTS, _REDIS_PORTS + '    ports: ["127.0.0.1:6379:6379"]\n', rights.check_ports),
    Breakage("redis on the front", BASE, _REDIS_PORTS + "    networks: [back]", _REDIS_PORTS + "    networks: [back, edge]",
             rights.check_networks),
    Breakage("a named worker", BASE, _WORKER, _WORKER + "    container_name: worker\n", checks.check_scaling),
    Breakage("a worker with a port", BASE, _WORKER, _WORKER + '    ports: ["127.0.0.1:9464:9464"]\n', checks.check_scaling),
    Breakage("a worker listens to all queues", BASE, "worker, -X, prepare, -n, recognise@%h", "worker, -n, recognise@%h",
             checks.check_commands),
    Breakage("one api process", BASE, "${WORKERS:-4}", "1", checks.check_scaling),
    Breakage("a process without health check", BASE, "    healthcheck:\n      test: [CMD, python, -m, stenopool.alive, beat]",
             "    x-healthcheck:\n      test: [CMD, python, -m, stenopool.alive, beat]", checks.check_health),
    Breakage("nginx before the api is healthy", BASE, "api: {condition: service_healthy}",
             "api: {condition: service_started}", checks.check_health),
    Breakage("workers before their weights", BASE, "service_completed_successfully", "service_started", checks.check_health),
    Breakage("killed within the grace", BASE, "${STOP_GRACE_PERIOD:-60s}", "30s", checks.check_stop),
    Breakage("a default grace too short", BASE, "STOP_GRACE_PERIOD:-60s", "STOP_GRACE_PERIOD:-40s", checks.check_stop),
    Breakage("a latest tag", BASE, "nginx:1.29-alpine", "nginx:latest", checks.check_images),
    Breakage("images of another version", "pyproject.toml", 'version = "0.1.0"', 'version = "9.9.9"', checks.check_images),
    Breakage("a variable nobody explains", ".env.example", "# PREPARE_REPLICAS=", "# PREPARERS=", checks.check_variables),
    Breakage("two defaults", ".env.example", "# REDIS_MAXMEMORY=4gb", "# REDIS_MAXMEMORY=2gb", checks.check_variables),
    Breakage("monitoring off", ".env.example", "COMPOSE_PROFILES=monitoring", "COMPOSE_PROFILES=", checks.check_profiles),
    Breakage("a misspelt key", BASE, "start_period: 300s", "start_periode: 300s", checks.check_words),
    Breakage("redis in a small container", BASE, "REDIS_MEMORY:-6G", "REDIS_MEMORY:-4G", checks.check_limits),
    Breakage("logs without end", BASE, 'options: {max-size: 10m, max-file: "5"}', "options: {}", checks.check_limits),
    Breakage("workers may change weights", BASE, "models:/models:ro", "models:/models", checks.check_mounts),
    Breakage("gpu worker without gpus", GPU, "capabilities: [gpu]", "capabilities: [utility]", checks.check_gpu),
    Breakage("gpu image of the cpu", GPU, "VARIANT: gpu", "VARIANT: cpu", checks.check_gpu),
    Breakage("a new gpu service", GPU, "  worker:\n", "  worker-gpu:\n", checks.check_services),
    Breakage("large api of small size", LARGE, "memory: 4G", "memory: 1G", checks.check_large),
    Breakage("containers of root", BASE, 'user: "10001:10001"', 'user: "0:0"', rights.check_rights),
    Breakage("a root that can be written", BASE, "read_only: true", "read_only: false", rights.check_rights),
    Breakage("capabilities kept", BASE, "cap_drop: [ALL]", "cap_drop: [NET_RAW]", rights.check_rights),
    Breakage("nginx without init", BASE, 'user: "101:101"\n    init: true', 'user: "101:101"', rights.check_rights),
    Breakage("nginx open to everybody", BASE, "BIND_ADDRESS:-127.0.0.1:80", "BIND_ADDRESS:-0.0.0.0:80", rights.check_ports),
    Breakage("insides open to everybody", BASE, "127.0.0.1:8080:8080", "8080:8080", rights.check_ports),
    Breakage("prometheus open to everybody", BASE, "127.0.0.1:9090:9090", "9090:9090", rights.check_ports),
    Breakage("workers reach the outside", BASE, "  back:\n    internal: true\n", "  back: {}\n", rights.check_networks),
    Breakage("the edge reaches the outside", BASE, 'enable_ip_masquerade: "false"', 'enable_ip_masquerade: "true"',
             rights.check_networks),
    Breakage("webhooks cannot leave", BASE, "networks: [back, outside]", "networks: [back]", rights.check_networks),
    Breakage("proxies anywhere are believed", BASE, "FORWARDED_ALLOW_IPS: ${FRONT_SUBNET:-172.30.77.0/24}",
             "FORWARDED_ALLOW_IPS: 0.0.0.0/0", rights.check_networks),
    Breakage("grafana admin", BASE, "GF_SECURITY_ADMIN_USER: stenopool", "GF_SECURITY_ADMIN_USER: admin", rights.check_secrets),
    Breakage("a password in the file", BASE, "REDIS_PASSWORD_FILE: /run/secrets/redis_password", "REDIS_PASSWORD: redis",
             rights.check_secrets),
    Breakage("a secret nobody makes", "scripts/make_secrets.py", '    "api_key",\n', "", rights.check_secrets),
    Breakage("flower without a password", BASE, "      - --conf=/run/secrets/flower_config\n", "", rights.check_secrets),
    Breakage("prometheus without a password", BASE, "      - --web.config.file=/run/secrets/prometheus_web_config\n", "",
             rights.check_secrets),
    Breakage("a setting nobody has", BASE, "DATA_DIR: /data", "DATADIR: /data", rights.check_environment),
    Breakage("a setting that is refused", BASE, 'WORKER_METRICS_PORT: "9464"', 'WORKER_METRICS_PORT: "94640"',
             rights.check_environment),
)  # fmt: skip
