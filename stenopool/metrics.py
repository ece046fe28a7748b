"""All metrics of all processes, each with its help and its labels; docs/reference/metrics.md is their table.

No label holds a tenant, an id, a file name or an address: what a label may say is a closed set, or the names of the
routes and pools that the operator runs.
"""

from typing import Final

from stenopool.errors import ErrorCode
from stenopool.instruments import Counter, Histogram, Label, LiveGauge, Metrics, ReadHistogram, Reading
from stenopool.ledger.counts import RUN_SECONDS
from stenopool.ledger.states import RunState, SubmitOutcome, UnitKind

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
WEBHOOK_OUTCOMES: Final = frozenset({"delivered", "failed", "given_up"})
REMOVED_KINDS: Final = frozenset(
    {*("job", "result", "tr", "work", "pcm", "media"), *("orphan_object", "orphan_record", "orphan_manifest")}
)
"""Names in the ledger's ``due``, and orphans: ``tr`` is a transcription that no job points at."""
UNIT_ENDINGS: Final = frozenset({"done", "failed", "released", "given_back", "stopped", "lost", "refused"})
HOUSE_TASKS: Final = frozenset(
    {*("house.pulse", "ledger.sweep", "ledger.rebuild", "ledger.recount", "usage.roll_up"), "store.retain"}
    | {"store.find_orphans", "spool.clear"}
)
"""The timetable's; a test compares them."""

OUR_FAULTS: Final = frozenset(
    {
        ErrorCode.DECODE_TIMEOUT,
        ErrorCode.ENGINE_FAILED,
        ErrorCode.ENGINE_TIMEOUT,
        ErrorCode.INPUT_MISSING,
        ErrorCode.INTERNAL_ERROR,
        ErrorCode.OUT_OF_MEMORY,
        ErrorCode.TRANSIENT_TOO_LONG,
        ErrorCode.WORKER_LOST,
    }
)
"""Reasons of failed transcriptions that do not lie in the recording; an alert counts them."""

GPU_PART: Final = "part"
"""Stands for the number of a GPU where a worker has a part of one."""

_ROUTE: Final = Label("route")
_METHOD: Final = Label("method", METHODS)
_STATUS: Final = Label("status", frozenset({"1xx", "2xx", "3xx", "4xx", "5xx"}))
_POOL: Final = Label("pool")
_STAGE: Final = Label("stage", frozenset(UnitKind))
_STATE: Final = Label("state", frozenset(state for state in RunState if state.ended))
_CODE: Final = Label("code", frozenset(ErrorCode))
_REASON: Final = Label("reason", frozenset({*ErrorCode, ""}))
_GPU: Final = Label("gpu", frozenset({*map(str, range(16)), GPU_PART}))

_REQUEST_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0, 600.0)
"""From a probe to an upload over a slow line."""
_SPEED: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 5.0, 10.0)

# Counted by the API.
REQUESTS: Final = Counter("requests", "HTTP requests answered.", _ROUTE, _METHOD, _STATUS)
REQUESTS_IN_PROGRESS: Final = LiveGauge("requests_in_progress", "HTTP requests under way, streams included.")
LISTENERS: Final = LiveGauge("listeners", "Clients that listen to events.")
REQUEST_DURATION: Final = Histogram(
    "request_duration_seconds",
    "Seconds from an HTTP request to the beginning of its answer.",
    _ROUTE,
    _METHOD,
    buckets=_REQUEST_S,
)
UPLOAD_BYTES: Final = Counter("upload_bytes", "Bytes of request bodies received, also of uploads that were refused.")
PROBLEMS: Final = Counter("problems", "Errors told to clients, by their code.", _CODE)
SUBMISSIONS: Final = Counter(
    "submissions",
    "Recordings received whole and offered to the ledger, by what it made of them.",
    Label("outcome", frozenset(SubmitOutcome) - {SubmitOutcome.NEED_MEDIA}),
)
CACHE_HITS: Final = Counter(
    "cache_hits",
    "Jobs that needed no work of their own: answered from a completed transcription, or joined to a running one.",
    Label("run", frozenset({"completed", "running"})),
)
CACHE_MISSES: Final = Counter("cache_misses", "Jobs that began a transcription of their own.")

# Read from the ledger when somebody looks: the same at every API process, never to be added up.
LEDGER_UP: Final = Reading(
    "gauge", "ledger_up", "Whether the ledger answered just now; without it all it tells is missing."
)
QUEUE_DEPTH: Final = Reading("gauge", "queue_depth", "Units of work waiting.", _POOL)
QUEUE_AGE: Final = Reading(
    "gauge", "queue_age_seconds", "How long ago the work that is next in line was submitted, or put back.", _POOL
)
QUEUE_AUDIO: Final = Reading(
    "gauge", "queue_audio_seconds", "Seconds of audio waiting; estimates until a recording is decoded.", _POOL
)
UNITS_OPEN: Final = Reading("gauge", "units_open", "Units of work waiting or held by a worker.", _POOL)
UNITS_DELAYED: Final = Reading("gauge", "units_delayed", "Units of work put off because what they need is away.")
UNITS_HELD: Final = Reading("gauge", "units_held", "Units of work held by a worker.", _STAGE)
WORKERS: Final = Reading("gauge", "workers", "Live workers; the housekeeper is in the pool house.", _POOL)
ATTEMPTS: Final = Reading("counter", "attempts", "Attempts begun at units of work.", _STAGE)
LEASES_EXPIRED: Final = Reading(
    "counter", "leases_expired", "Claims that ended because their holder died or fell silent.", _STAGE
)
RUNS_ENDED: Final = Reading(
    "counter", "runs_ended", "Transcriptions ended; failed ones with their reason.", _STATE, _REASON
)
RUN_DURATION: Final = ReadHistogram(
    "run_duration_seconds",
    "Seconds from the submission of a transcription to its end, waiting included.",
    _STATE,
    buckets=RUN_SECONDS,
)
WEBHOOKS: Final = Reading(
    "counter", "webhook_deliveries", "Tries to deliver a webhook.", Label("outcome", WEBHOOK_OUTCOMES)
)
REMOVED: Final = Reading(
    "counter", "removed", "What retention, deletions and the search for orphans removed.", Label("kind", REMOVED_KINDS)
)
REDIS_MEMORY: Final = Reading("gauge", "redis_memory_bytes", "Memory that Redis uses.")
REDIS_MEMORY_LIMIT: Final = Reading(
    "gauge", "redis_memory_limit_bytes", "Memory that Redis may use; nothing is taken in beyond it, 0 is no limit."
)
REDIS_EVICTED: Final = Reading(
    "counter", "redis_evicted_keys", "Records that Redis threw away for want of memory since its start."
)
REDIS_PERSISTENT: Final = Reading(
    "gauge", "redis_persistent", "Whether Redis keeps an append-only file and its last write there succeeded."
)

# Read from the disk when somebody looks.
DISK_FREE: Final = Reading("gauge", "disk_free_bytes", "Free bytes on the disk of the data directory.")
DISK_SIZE: Final = Reading("gauge", "disk_size_bytes", "Size of the disk of the data directory.")

# Counted by a worker's children.
STAGE_DURATION: Final = Histogram(
    "stage_duration_seconds", "Seconds that the work on a unit took, done ones only.", _STAGE, buckets=RUN_SECONDS
)
REAL_TIME_FACTOR: Final = Histogram(
    "real_time_factor",
    "Seconds of work for a second of audio recognised; below 1 is faster than speech.",
    _POOL,
    buckets=_SPEED,
)
AUDIO_PROCESSED: Final = Counter("audio_seconds_processed", "Seconds of audio recognised.", _POOL)
WORKER_ATTEMPTS: Final = Counter("worker_attempts", "Attempts that this worker began.", _STAGE)
WORKER_UNITS: Final = Counter(
    "worker_units", "Units that this worker let go, by how.", _STAGE, Label("ending", UNIT_ENDINGS)
)
WORKER_FAILURES: Final = Counter("worker_failures", "Attempts that failed on this worker, by their code.", _CODE)

# Counted by a housekeeper.
HOUSE_ROUNDS: Final = Counter(
    "house_rounds",
    "Rounds of the housekeeper, by how they ended.",
    Label("task", HOUSE_TASKS),
    Label("ending", frozenset({"done", "failed"})),
)
HOUSE_LAST_DONE: Final = Reading(
    "gauge",
    "house_last_done_timestamp_seconds",
    "When this housekeeper last did a round without a failure, in Unix time.",
    Label("task", HOUSE_TASKS),
)

# Read from a worker's GPU when somebody looks.
GPU_MEMORY: Final = Reading(
    "gauge", "gpu_memory_bytes", "Memory of the GPU, or of the part, that this worker has.", _GPU
)
GPU_MEMORY_USED: Final = Reading("gauge", "gpu_memory_used_bytes", "Memory of it in use, by whoever.", _GPU)
GPU_UTILISATION: Final = Reading(
    "gauge", "gpu_utilisation_ratio", "Share of the last moment in which something ran on it, 0 to 1.", _GPU
)
GPU_TEMPERATURE: Final = Reading("gauge", "gpu_temperature_celsius", "Its temperature.", _GPU)

OF_API: Final[tuple[Metrics, ...]] = (
    REQUESTS,
    REQUESTS_IN_PROGRESS,
    LISTENERS,
    REQUEST_DURATION,
    UPLOAD_BYTES,
    PROBLEMS,
    SUBMISSIONS,
    CACHE_HITS,
    CACHE_MISSES,
)
OF_LEDGER: Final[tuple[Metrics, ...]] = (
    LEDGER_UP,
    QUEUE_DEPTH,
    QUEUE_AGE,
    QUEUE_AUDIO,
    UNITS_OPEN,
    UNITS_DELAYED,
    UNITS_HELD,
    WORKERS,
    ATTEMPTS,
    LEASES_EXPIRED,
    RUNS_ENDED,
    RUN_DURATION,
    WEBHOOKS,
    REMOVED,
    REDIS_MEMORY,
    REDIS_MEMORY_LIMIT,
    REDIS_EVICTED,
    REDIS_PERSISTENT,
)
OF_DISK: Final[tuple[Metrics, ...]] = (DISK_FREE, DISK_SIZE)
OF_WORKER: Final[tuple[Metrics, ...]] = (
    STAGE_DURATION,
    REAL_TIME_FACTOR,
    AUDIO_PROCESSED,
    WORKER_ATTEMPTS,
    WORKER_UNITS,
    WORKER_FAILURES,
)
OF_HOUSE: Final[tuple[Metrics, ...]] = (HOUSE_ROUNDS, HOUSE_LAST_DONE)
OF_GPU: Final[tuple[Metrics, ...]] = (GPU_MEMORY, GPU_MEMORY_USED, GPU_UTILISATION, GPU_TEMPERATURE)
