"""The dashboard for whoever keeps the platform running."""

from typing import Final

from scripts.dashboards.panel import Panel, Row

OPERATIONS: Final = (
    Row(
        "Is all well?",
        (
            Panel(
                "Which alerts fire?",
                {"{{alertname}} {{severity}}": 'count by (alertname, severity) (ALERTS{alertstate="firing"})'},
                "short",
                kind="table",
                width=12,
            ),
            Panel(
                "Do all processes answer?",
                {"{{job}}": "sum by (job) (up) / count by (job) (up)"},
                "percentunit",
                kind="stat",
                width=12,
                alerts=("ProcessNotScraped",),
                warning=1,
                is_floor=True,
            ),
        ),
    ),
    Row(
        "Work",
        (
            Panel(
                "Is anybody waiting too long?",
                {"{{pool}}": "pool:transcription_queue_age_seconds:max"},
                "s",
                alerts=("JobsWaitLong", "JobsWaitTooLong"),
                warning=300,
                critical=1800,
            ),
            Panel(
                "How much audio waits?",
                {"{{pool}}": "pool:transcription_queue_audio_seconds:max"},
                "s",
                alerts=("BacklogGrows",),
                warning=3600,
            ),
            Panel(
                "Who is there to work?",
                {"{{pool}}": "pool:transcription_workers:max"},
                "short",
                alerts=("NoWorker", "HousekeeperSilent"),
                critical=1,
                is_floor=True,
            ),
            Panel(
                "Do workers die in the middle of their work?",
                {"{{stage}}": "stage:transcription_leases_expired:increase10m"},
                "short",
                alerts=("LeasesExpire",),
                warning=2,
            ),
            Panel(
                "Why do transcriptions fail?",
                {"{{reason}}": 'state_reason:transcription_runs_ended:increase30m{state="failed"} > 0'},
                "short",
            ),
            Panel(
                "Is work put off?",
                {"units": "max(transcription_units_delayed)"},
                "short",
                alerts=("WorkPutOff",),
                warning=0,
            ),
        ),
    ),
    Row(
        "API",
        (
            Panel(
                "How many requests end in an error of ours?",
                {"five minutes": "stenopool:api_errors:ratio5m", "an hour": "stenopool:api_errors:ratio1h"},
                "percentunit",
                alerts=("ApiErrorsBurn", "ApiErrorsBurnFast"),
                warning=0.03,
                critical=0.072,
            ),
            Panel(
                "How many looks take longer than half a second?",
                {"five minutes": "stenopool:api_slow:ratio5m", "an hour": "stenopool:api_slow:ratio1h"},
                "percentunit",
                alerts=("ApiSlowBurns", "ApiSlowBurnsFast"),
                warning=0.06,
                critical=0.144,
            ),
            Panel(
                "What are clients told?",
                {"{{code}}": "sum by (code) (rate(transcription_problems_total[5m])) > 0"},
                "reqps",
            ),
            Panel(
                "Who is listening?",
                {
                    "requests": "sum(transcription_requests_in_progress)",
                    "listeners": "sum(transcription_listeners)",
                },
                "short",
            ),
        ),
    ),
    Row(
        "What it stands on",
        (
            Panel(
                "Does Redis have room?",
                {"memory in use": "stenopool:redis_memory:ratio"},
                "percentunit",
                alerts=("RedisMemoryHigh", "RedisMemoryFull"),
                warning=0.8,
                critical=0.95,
            ),
            Panel(
                "Does Redis throw records away?",
                {"keys in 15 minutes": "max(increase(transcription_redis_evicted_keys_total[15m]))"},
                "short",
                alerts=("RedisEvicts",),
                critical=0,
            ),
            Panel(
                "Does Redis answer, and write down what it is told?",
                {"answers": "max(transcription_ledger_up)", "writes": "max(transcription_redis_persistent)"},
                "bool_yes_no",
                alerts=("LedgerDown", "RedisNotPersistent"),
                critical=1,
                is_floor=True,
            ),
            Panel(
                "Is there room on the disk?",
                {"free": "stenopool:disk_free:ratio"},
                "percentunit",
                alerts=("DiskFillsUp", "DiskFull"),
                warning=0.15,
                critical=0.05,
                is_floor=True,
            ),
            Panel(
                "Is the house kept?",
                {"{{task}}": "time() - max by (task) (transcription_house_last_done_timestamp_seconds)"},
                "s",
                alerts=("HousekeepingStands",),
                warning=900,
            ),
            Panel(
                "Do webhooks arrive?",
                {"{{outcome}}": "outcome:transcription_webhook_deliveries:increase30m"},
                "short",
            ),
        ),
    ),
)
