"""All checks of deploy/k8s, by name."""

from typing import Final

from tests.deploy.breakages import Check
from tests.deploy.k8s import (
    ingress_checks,
    models_checks,
    network_checks,
    pod_checks,
    reference_checks,
    scaling_checks,
    schema_checks,
)

CHECKS: Final[tuple[Check, ...]] = (
    schema_checks.strictly_valid,
    models_checks.weights_fetched,
    pod_checks.restricted,
    pod_checks.probed,
    pod_checks.time_to_stop,
    pod_checks.settings_valid,
    pod_checks.commands_known,
    pod_checks.images_pinned,
    pod_checks.sizes_agreed,
    reference_checks.services_lead_to_pods,
    reference_checks.references_exist,
    reference_checks.mounts_exist,
    reference_checks.volumes_shared,
    reference_checks.redis_keeps,
    reference_checks.drains_go_on,
    reference_checks.one_clock,
    ingress_checks.lets_through,
    ingress_checks.keeps_shut,
    ingress_checks.leads_to_the_api,
    network_checks.nobody_else_enters,
    network_checks.nobody_else_leaves,
    scaling_checks.api_scaled,
    scaling_checks.workers_scaled,
)
