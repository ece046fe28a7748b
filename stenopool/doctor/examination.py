"""Everything that the doctor looks at, in the order in which a person would put it right."""

from collections.abc import Mapping
from pathlib import Path

from stenopool.checks import Level
from stenopool.doctor.finding import Finding, fail, ok
from stenopool.doctor.of_data import look_at_data, look_at_epochs
from stenopool.doctor.of_gpus import look_at_gpus
from stenopool.doctor.of_host import look_at_open_files, look_at_ports, look_at_python
from stenopool.doctor.of_models import look_at_memory, look_at_weights
from stenopool.doctor.of_redis import look_at_redis
from stenopool.doctor.of_secrets import look_at_secrets
from stenopool.doctor.of_work import look_at_work
from stenopool.errors import FatalError
from stenopool.gpus.visible import Visibility
from stenopool.ledger.ledger import Ledger
from stenopool.media.local_store import LocalStore
from stenopool.memory import memory
from stenopool.redis_pools import redis_client
from stenopool.settings import Settings, load_settings


def examine(environment: Mapping[str, str]) -> list[Finding]:
    """Looks at this machine with the settings of ``environment``. Takes a second; changes nothing."""
    try:
        settings = load_settings(environment)
    except FatalError as error:
        wrong = fail("settings", error.message, "correct the environment: README.md lists all settings")
        return [look_at_python(), wrong, look_at_open_files()]
    data = look_at_data(settings.data_dir, settings.min_free_disk_mb)
    return [
        look_at_python(),
        ok("settings", f"the settings are well-formed ({settings.environment})"),
        *data,
        *_redis_and_ledger(settings, has_data=data[0].level is not Level.FAIL),
        look_at_weights(settings, _hub_cache(environment)),
        look_at_memory(settings, memory()),
        *look_at_gpus(
            settings, Visibility(environment.get("CUDA_VISIBLE_DEVICES"), environment.get("NVIDIA_VISIBLE_DEVICES"))
        ),
        *look_at_ports(settings),
        look_at_open_files(),
        *look_at_secrets(settings, environment),
    ]


def _redis_and_ledger(settings: Settings, *, has_data: bool) -> list[Finding]:
    with redis_client(settings.redis_address) as client:
        found = look_at_redis(client)
        if found[0].level is Level.FAIL:
            return found
        ledger = Ledger(client, _ring_nothing)
        epoch = [look_at_epochs(LocalStore(settings.data_dir / "store"), ledger)] if has_data else []
        return [*found, *epoch, *look_at_work(settings, ledger)]


def _hub_cache(environment: Mapping[str, str]) -> Path:
    """Where huggingface_hub keeps what it fetched (its documentation, "Environment variables")."""
    if environment.get("HF_HUB_CACHE"):
        return Path(environment["HF_HUB_CACHE"]).expanduser()
    home = environment.get("HF_HOME") or f"{environment.get('XDG_CACHE_HOME') or '~/.cache'}/huggingface"
    return Path(home).expanduser() / "hub"


def _ring_nothing(_bells: Mapping[str, int]) -> None:
    """Looking makes no work."""
