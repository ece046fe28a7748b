"""The settings of a process: read from the environment, and by this module alone; which of them go together.

Every secret has a ``*_FILE`` twin that names a file holding it.
"""

import ipaddress
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from pydantic import (
    ValidationError,
    model_validator,
)

from stenopool.errors import ErrorCode, FatalError
from stenopool.failpoints import ONCE, Failpoint
from stenopool.gpus.visible import Visibility
from stenopool.scanner import ScannerAddress, scanner_address
from stenopool.setting_fields import SettingFields

SECRETS: Final = ("REDIS_PASSWORD", "REDIS_URL", "METRICS_TOKEN", "API_KEY", "JWT_KEY", "FLOWER_BASIC_AUTH")
"""Settings that may be given as ``NAME_FILE``, a path to a file that holds the value."""

_ADDRESS: Final = re.compile(r"https?://[!-~]*[^/?#\s]")
_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.\-_\[\]:]+")


class Settings(SettingFields):
    """What the operator set. Frozen: a process reads it once, at start.

    A plain model and not pydantic-settings: the secrets' ``*_FILE`` twins and the rule that a test may pass its own
    environment leave that library nothing to do.
    """

    @model_validator(mode="after")
    def _agree(self) -> "Settings":
        if self.engine == "fake" and not self.allow_fake_engine:
            raise ValueError("ENGINE=fake needs ALLOW_FAKE_ENGINE=true")
        if self.lease_s < 2 * self.beat_s:
            raise ValueError("LEASE_S must be at least twice BEAT_S")
        return self

    @model_validator(mode="after")
    def _find_the_scanner(self) -> "Settings":
        if self.scanner_required and not self.scanner:
            raise ValueError("SCANNER_REQUIRED needs SCANNER, the address of one")
        if self.scanner:
            scanner_address(self.scanner)
        return self

    @model_validator(mode="after")
    def _crash_in_tests_only(self) -> "Settings":
        unknown = [switch for switch in self.fail_at if switch.removesuffix(ONCE) not in set(Failpoint)]
        if unknown:
            raise ValueError(f"FAIL_AT: no failpoint is named {unknown[0][:80]!r}")
        if self.environment == "production" and (self.fail_at or self.fake_engine_fault):
            raise ValueError("FAIL_AT and FAKE_ENGINE_FAULT are refused with ENVIRONMENT=production")
        return self

    @model_validator(mode="after")
    def _let_in_nobody_by_mistake(self) -> "Settings":
        if self.api_key is not None and len(self.api_key.get_secret_value()) < 16:
            raise ValueError("API_KEY must have 16 characters or more, for instance from: openssl rand -base64 32")
        if self.jwt_key is not None and not (self.jwt_audience and self.jwt_issuer):
            raise ValueError("JWT_KEY needs JWT_AUDIENCE and JWT_ISSUER")
        if "*" in self.cors_origins and self.cors_credentials:
            raise ValueError("CORS_ORIGINS=* with CORS_CREDENTIALS=true would let every page act for its visitor")
        for origin in self.cors_origins:
            if origin != "*" and _ORIGIN.fullmatch(origin) is None:
                raise ValueError(f"CORS_ORIGINS: {origin[:80]!r} is no origin such as https://app.example")
        for proxy in self.forwarded_allow_ips:
            if not _is_network(proxy):
                raise ValueError(
                    f"FORWARDED_ALLOW_IPS: {proxy[:80]!r} is no address or network; * would believe anybody"
                )
        return self

    @model_validator(mode="after")
    def _tell_nobody_by_mistake(self) -> "Settings":
        for network in self.webhook_allowed_networks:
            if not _is_network(network):
                raise ValueError(f"WEBHOOK_ALLOWED_NETWORKS: {network[:80]!r} is no address or network")
        if self.public_url and _ADDRESS.fullmatch(self.public_url) is None:
            raise ValueError("PUBLIC_URL is an address such as https://api.example, without a slash at its end")
        return self

    @property
    def redis_address(self) -> str:
        """The Redis URL in use, password included: never log it."""
        if self.redis_url is not None:
            return self.redis_url.get_secret_value()
        password = f":{quote(self.redis_password.get_secret_value(), safe='')}@" if self.redis_password else ""
        return f"redis://{password}{self.redis_host}:{self.redis_port}/{self.redis_db}"

    @property
    def scanner_address(self) -> ScannerAddress | None:
        """Where the virus scanner listens; None without one."""
        return scanner_address(self.scanner) if self.scanner else None

    @property
    def offered_models(self) -> tuple[str, ...]:
        """Models that a client may ask for; the first is used where none is named."""
        named = tuple(dict.fromkeys(name for part in self.models.split(",") if (name := part.strip())))
        if not named:
            return (self.model_size,)
        return tuple(sorted(named, key=lambda name: name != self.model_size))

    @property
    def max_file_size_bytes(self) -> int:
        """Largest upload in bytes."""
        return self.max_file_size_mb * 1024 * 1024

    @property
    def max_audio_s(self) -> float:
        """Longest recording in seconds of decoded audio."""
        return self.max_audio_hours * 3600


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Reads the settings from ``environment`` (default: the process's own).

    Raises:
        FatalError: ``settings_wrong`` with one line that names each wrong setting.
    """
    given = dict(os.environ if environment is None else environment)
    values: dict[str, Any] = {}
    for name in Settings.model_fields:
        text = given.get(name.upper(), "")
        if text:
            values[name] = text
    values |= _secrets_from_files(given)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise FatalError(ErrorCode.SETTINGS_WRONG, _one_line(error)) from None


@lru_cache(maxsize=1)
def process_settings() -> Settings:
    """The settings of this process, read once."""
    return load_settings()


def child_environment(settings: Mapping[str, str | None]) -> dict[str, str]:
    """This process's environment with ``settings`` laid over it (None removes), for a process about to be started."""
    merged = dict(os.environ)
    for name, value in settings.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = value
    return merged


def forbid_telemetry() -> None:
    """Tells libraries that send reports home not to: no word about a recording leaves the machine by itself.

    ONNX Runtime, which finds speech, reports to its maker from version 1.29 on unless told before it is loaded, and
    leaves an identifier on the disk (its Privacy.md).
    """
    os.environ.update(ORT_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_TELEMETRY="1", DO_NOT_TRACK="1")


def share_metrics(folder: Path | None) -> None:
    """Tells prometheus_client where this process and its children keep what they count; None: each its own memory.

    It reads this from the environment, once, when it is first imported.
    """
    if folder is None:
        os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
    else:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def visible_gpus() -> Visibility:
    """What this process's environment says of the GPUs it may use."""
    return Visibility(os.environ.get("CUDA_VISIBLE_DEVICES"), os.environ.get("NVIDIA_VISIBLE_DEVICES"))


def show_gpu(uuid: str) -> None:
    """Lets this process's children see that one GPU alone; CUDA reads it when it is first used."""
    os.environ["CUDA_VISIBLE_DEVICES"] = uuid


def _secrets_from_files(given: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in SECRETS:
        path = given.get(f"{name}_FILE", "")
        if not path:
            continue
        if given.get(name):
            raise FatalError(ErrorCode.SETTINGS_WRONG, f"{name} and {name}_FILE are both set: keep one")
        try:
            found[name.lower()] = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise FatalError(ErrorCode.SETTINGS_WRONG, f"{name}_FILE cannot be read: {error.strerror}") from error
    return found


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _one_line(error: ValidationError) -> str:
    wrong = []
    for item in error.errors(include_url=False, include_input=False):
        name = str(item["loc"][0]).upper() if item["loc"] else ""
        reason = item["msg"].removeprefix("Value error, ")
        wrong.append(f"{name}: {reason}" if name else reason)
    return "; ".join(wrong)
