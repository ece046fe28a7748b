"""Rules, alerts, dashboards and the way to them are in order."""

import pytest

from tests.deploy.breakages import Check, as_shipped
from tests.deploy.monitoring.checks import CHECKS


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.replace("_", "-"))
def test_the_monitoring_is_in_order(check: Check) -> None:
    assert as_shipped(check) == ()
