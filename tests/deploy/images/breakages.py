"""Slips of the pen in Dockerfiles, each of which one of the checks finds."""

from typing import Final

from tests.deploy.breakages import Breakage
from tests.deploy.images import checks

_API: Final = "Dockerfile.api"
_WORKER: Final = "Dockerfile.worker"

BREAKAGES: Final = (
    Breakage("api image runs as root", _API, "USER 10001:10001\n", "", checks.check_user),
    Breakage("worker image runs as root", _WORKER, "USER 10001:10001", "USER root", checks.check_user),
    Breakage("api image without tini", _API, 'ENTRYPOINT ["/usr/bin/tini", "--"]\n', "", checks.check_user),
    Breakage(
        "base image latest", _WORKER, "python:3.12-slim-bookworm AS runtime", "python AS runtime", checks.check_bases
    ),
    Breakage("another python", _API, "3.12-slim-bookworm AS packages", "3.13-slim AS packages", checks.check_bases),
    Breakage("packages without hashes", _WORKER, "--require-hashes ", "", checks.check_packages),
    Breakage(
        "a lock that is not there", _API, "-r /build/requirements/api.lock", "-r /build/api.lock", checks.check_packages
    ),
    Breakage(
        "health check by curl",
        _API,
        '["python", "-m", "stenopool.alive", "api"]',
        "curl -f localhost",
        checks.check_health,
    ),
    Breakage("worker image without health check", _WORKER, "HEALTHCHECK ", "# ", checks.check_health),
    Breakage(
        "model code in the api image", _API, "COPY api /app/api", "COPY worker /app/worker", checks.check_api_is_light
    ),
    Breakage(
        "numpy in the api image", "requirements/api.lock", "amqp==", "numpy==2.4.6\namqp==", checks.check_api_is_light
    ),
    Breakage("gpu image of the cpu lock", _WORKER, "lock=worker-gpu.lock", "lock=worker.lock", checks.check_gpu),
    Breakage(
        "gpu image without cublas", "requirements/worker-gpu.lock", "nvidia-cublas-cu12==", "x==", checks.check_gpu
    ),
    Breakage("loader does not find cublas", _WORKER, "nvidia/cublas/lib:", "nvidia/cublas:", checks.check_gpu),
    Breakage("builder does not see beat", ".dockerignore", "!beat\n", "", checks.check_copies),
    Breakage("builder sees everything", ".dockerignore", "*\n!api", "!api", checks.check_context),
    Breakage("a secret in an image", _API, "ENV PATH=", "ENV API_KEY=abc PATH=", checks.check_environment),
)
