"""All settings, each with its unit and reason; the README's table is made from here (``scripts/settings_table.py``). Pure.

Names are the ones operators know (``MODEL_SIZE``, ``REDIS_HOST``, …), without a prefix.
"""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
)

from stenopool.durations import Duration

_RATE: Final = r"^(off|[1-9][0-9]{0,4}/(second|minute|hour|day))$"


def _words(value: object) -> object:
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
"""A list, given as words with commas between."""

AbsolutePath = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]


class SettingFields(BaseModel):
    """Every setting. ``stenopool.settings.Settings`` has them, and says what goes with what."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    # Where things are.
    redis_url: SecretStr | None = Field(None, description="Full Redis address; wins over the REDIS_* parts.")
    redis_host: str = Field("localhost", description="Host of the one Redis.")
    redis_port: int = Field(6379, ge=1, le=65535, description="Port of the one Redis.")
    redis_db: int = Field(0, ge=0, description="Redis database number.")
    redis_password: SecretStr | None = Field(None, description="Redis password.")
    data_dir: AbsolutePath = Field(
        Path("data"), description="Folder of store, spool and run files; shared by all processes."
    )

    # Speech.
    engine: Literal["faster-whisper", "pocketsphinx", "fake"] = Field(
        "faster-whisper", description="Engine that recognises speech."
    )
    model_size: str = Field(
        "base", min_length=1, description="Whisper model: a size, a hub repository, a folder, or `demo`."
    )
    models: str = Field(
        "", description="Models that clients may ask for, separated by commas; empty = `MODEL_SIZE` alone."
    )
    model_dir: AbsolutePath = Field(Path("models"), description="Folder searched for weights before the hub cache.")
    device: str = Field(
        "cpu", pattern=r"^(auto|cpu|cuda(:\d+)?)$", description="Device of the model: cpu, cuda, cuda:N or auto."
    )
    gpu: str = Field(
        "auto",
        pattern=r"^(auto|[0-9]{1,3}|(GPU|MIG)-[0-9A-Za-z/-]{4,80})$",
        description="GPU of a worker: auto takes a free one of its host; or its index, or its UUID.",
    )
    compute_type: str = Field("int8", description="CTranslate2 compute type; int8 is right on a CPU.")
    cpu_threads: int = Field(0, ge=0, description="Threads of one engine; 0 = cores divided by worker children.")
    allow_fake_engine: bool = Field(False, description="Lets ENGINE=fake run; health then says degraded.")
    fake_engine_speed: float = Field(0, ge=0, description="Audio-seconds per second of the fake engine; 0 = at once.")
    fake_engine_fault: str = Field("", description="Fault switch of the fake engine, for tests.")

    # Limits.
    max_file_size_mb: int = Field(100, ge=1, description="Largest upload, MiB.")
    min_upload_rate: int = Field(
        1000, ge=0, description="An upload slower than this is ended, bytes per second; 0 = never."
    )
    upload_window_s: float = Field(
        20, gt=0, description="An upload may fall this many seconds behind `MIN_UPLOAD_RATE` before it is ended."
    )
    upload_deadline_s: float = Field(3600, gt=0, description="An upload takes at most this long, seconds.")
    max_audio_hours: float = Field(4, gt=0, description="Longest recording, hours of decoded audio.")
    min_free_disk_mb: int = Field(500, ge=0, description="Uploads are refused below this much free disk, MiB.")
    prepared_ahead_s: float = Field(
        7200, ge=0, description="Audio decoded ahead of each live recogniser, seconds; beyond it long files wait."
    )
    max_queued_jobs: int = Field(10_000, ge=1, description="Uploads are refused beyond this many waiting units.")
    max_jobs_per_transcription: int = Field(1000, ge=1, description="Jobs that may share one running transcription.")

    tenant_max_active_jobs: int = Field(0, ge=0, description="Jobs of one tenant that have not ended; 0 = any number.")
    tenant_audio_minutes_per_day: int = Field(
        0, ge=0, description="Minutes of audio that one tenant may have transcribed in a day (UTC); 0 = any number."
    )
    tenant_max_stored_mb: int = Field(
        0, ge=0, description="Recordings of one tenant that the store keeps at a time, MiB; 0 = any number."
    )

    # Retention, agreed with each job when it is submitted.
    media_ttl: Duration = Field(
        timedelta(hours=24),
        ge=timedelta(0),
        description="A recording is kept this long after its job's end, as 15m or 24h.",
    )
    failed_media_ttl: Duration = Field(
        timedelta(hours=72), ge=timedelta(0), description="After a failed job: so long it may be tried again."
    )
    result_ttl: Duration = Field(
        timedelta(days=30),
        ge=timedelta(seconds=1),
        description="A transcript is kept this long after its job's end, and its recording no longer.",
    )

    # Virus scanner.
    scanner: str = Field(
        "",
        description="Virus scanner asked before a recording is decoded, as clamd://host:3310 or clamd:///path/of/socket.",
    )
    scanner_required: bool = Field(
        False, description="Refuses uploads while the scanner is away; else they are taken and wait for it."
    )

    # Who may.
    api_key: SecretStr | None = Field(
        None, description="Key of tenant default, 16 characters or more; once set, nobody is served without a key."
    )
    allow_anonymous: bool = Field(
        False, description="Serves strangers too, as one tenant without a list, as long as no key was ever made."
    )
    jwt_key: SecretStr | None = Field(
        None, description="Key that tokens (JWT) are checked with: the secret of HS*, else the public key as PEM."
    )
    jwt_algorithm: Literal[
        "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"
    ] = Field("RS256", description="The one algorithm of tokens; what a token says of itself does not count.")
    jwt_audience: str = Field("", description="Audience (aud) that a token must name; needed with JWT_KEY.")
    jwt_issuer: str = Field("", description="Issuer (iss) that a token must name; needed with JWT_KEY.")
    jwt_tenant_claim: str = Field("tenant", min_length=1, description="Claim of a token that names the tenant.")
    rate_limit_submit: str = Field(
        "10/minute", pattern=_RATE, description="Submissions per key, else per client address; off = unlimited."
    )
    cors_origins: Words = Field(
        (), description="Origins whose pages may call, with commas, as https://app.example; * = all, without cookies."
    )
    cors_credentials: bool = Field(False, description="Whether those pages may send cookies; never with *.")
    trusted_hosts: Words = Field(
        (), description="Host names this installation answers to, with commas, as api.example; none = any."
    )
    forwarded_allow_ips: Words = Field(
        (), description="Proxies, as addresses or networks with commas, whose X-Forwarded-For is believed; never *."
    )

    # Telling.
    public_url: str = Field(
        "", description="Where clients reach the API, as https://api.example; links in webhooks begin with it."
    )
    webhook_allowed_networks: Words = Field(
        (),
        description="Private networks that webhooks may reach, with commas, as 10.1.2.0/24; none = public ones only.",
    )
    webhook_allowed_hosts: Words = Field(
        (), description="Hosts that webhooks may reach wherever they lead, with commas, also by http://."
    )

    # Processes.
    api_host: str = Field("127.0.0.1", description="Address the API listens on.")
    api_port: int = Field(8000, ge=0, le=65535, description="Port the API listens on.")
    workers: int = Field(4, ge=1, description="API processes (uvicorn workers).")
    worker_max_tasks: int | None = Field(
        None, ge=1, description="Recycle a worker child after so many shifts; off: it throws the warm model away."
    )
    openai_wait_s: float = Field(
        600, gt=0, description="A call of the OpenAI-compatible API waits at most this many seconds for its job."
    )
    media_link_s: float = Field(
        3600, ge=1, le=86_400, description="A link that plays a recording without a key works this many seconds."
    )
    stop_grace_s: float = Field(
        30, ge=0, description="Seconds a stopping worker may finish the unit in hand, and an API its uploads."
    )
    environment: Literal["development", "production"] = Field(
        "development", description="production refuses test switches."
    )
    fail_at: Words = Field((), description="Steps at which a process kills itself, for tests of crashes.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least severe level logged.")
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="auto = console on a terminal, else JSON."
    )

    # Looking in.
    metrics_token: SecretStr | None = Field(
        None, min_length=16, description="Opens /metrics and /stats to others than this machine, as a bearer token."
    )
    worker_metrics_port: int | None = Field(
        None, ge=0, le=65535, description="Port of a worker's own /metrics; 0 = any free one; off when not set."
    )
    worker_metrics_host: str = Field(
        "127.0.0.1", description="Address of a worker's own /metrics; it asks for no token."
    )

    flower_basic_auth: SecretStr | None = Field(
        None, description="Who may look at Flower, as name:password; needed in production and beyond this machine."
    )

    # The ledger's clock. Shorter only in tests; docs/explanation/ledger.md says why these values.
    lease_s: float = Field(30, gt=0, description="A claim not renewed for this long may be claimed by another.")
    beat_s: float = Field(2, gt=0, description="Claims are renewed this often; also how fast a cancel arrives.")
    sweep_s: float = Field(5, gt=0, description="Expired leases and missing bells are looked for this often.")
    unit_base_timeout_s: float = Field(
        60, gt=0, description="A unit may work this many seconds, and more for each second of its audio."
    )
