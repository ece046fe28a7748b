"""The dashboard for whoever plans: use, speed, room."""

from typing import Final

from scripts.dashboards.panel import Panel, Row

CAPACITY: Final = (
    Row(
        "Use",
        (
            Panel(
                "How many recordings come?",
                {"{{outcome}}": "sum by (outcome) (rate(transcription_submissions_total[15m])) * 3600"},
                "short",
            ),
            Panel(
                "How much audio is transcribed in an hour?",
                {"{{pool}}": "sum by (pool) (rate(transcription_audio_seconds_processed_total[15m])) * 3600"},
                "s",
            ),
            Panel(
                "How often is work spared?",
                {
                    "hits": "sum(rate(transcription_cache_hits_total[1h])) / (sum(rate(transcription_cache_hits_total[1h]))"
                    " + sum(rate(transcription_cache_misses_total[1h])) > 0)"
                },
                "percentunit",
            ),
            Panel("How much is uploaded?", {"bytes": "sum(rate(transcription_upload_bytes_total[5m]))"}, "Bps"),
            Panel(
                "How do transcriptions end?",
                {
                    "{{state}}": "sum by (state) (max by (state, reason) (rate(transcription_runs_ended_total[15m]))) * 3600"
                },
                "short",
            ),
            Panel(
                "What is asked for?",
                {"{{route}}": "topk(8, sum by (route) (rate(transcription_requests_total[5m])))"},
                "reqps",
            ),
        ),
    ),
    Row(
        "Speed",
        (
            Panel(
                "How long does a client wait for a transcript?",
                {
                    f"{name} of them": f"histogram_quantile({share}, max by (le) "
                    '(rate(transcription_run_duration_seconds_bucket{state="completed"}[30m])))'
                    for name, share in (("half", "0.5"), ("95 %", "0.95"))
                },
                "s",
            ),
            Panel(
                "How fast is the model? Below 1 is faster than speech",
                {
                    "{{pool}}": "histogram_quantile(0.5, sum by (le, pool) "
                    "(rate(transcription_real_time_factor_bucket[15m])))"
                },
                "none",
            ),
            Panel(
                "Where does the time go?",
                {
                    "{{stage}}": "sum by (stage) (rate(transcription_stage_duration_seconds_sum[15m]))"
                    " / (sum by (stage) (rate(transcription_stage_duration_seconds_count[15m])) > 0)"
                },
                "s",
            ),
            Panel(
                "How do pieces of work leave the workers?",
                {"{{ending}}": "sum by (ending) (rate(transcription_worker_units_total[5m]))"},
                "cps",
            ),
        ),
    ),
    Row(
        "Room",
        (
            Panel(
                "Are there enough workers?",
                {
                    "{{pool}} open": "pool:transcription_units_open:max",
                    "{{pool}} workers": "pool:transcription_workers:max",
                },
                "short",
            ),
            Panel(
                "What are the workers busy with?",
                {"{{stage}}": "max by (stage) (transcription_units_held)"},
                "short",
            ),
            Panel(
                "How many hours of work wait?",
                {
                    "{{pool}}": "pool:transcription_queue_audio_seconds:max / on (pool) "
                    "(sum by (pool) (rate(transcription_audio_seconds_processed_total[15m])) > 0)"
                },
                "s",
            ),
            Panel(
                "How large do disk and Redis grow?",
                {
                    "disk": "max(transcription_disk_size_bytes - transcription_disk_free_bytes)",
                    "Redis": "max(transcription_redis_memory_bytes)",
                },
                "bytes",
            ),
            Panel(
                "What do the GPUs do?",
                {"{{instance}} {{gpu}}": "transcription_gpu_utilisation_ratio"},
                "percentunit",
            ),
            Panel(
                "Do models fit their GPUs?",
                {"{{instance}} {{gpu}}": "transcription_gpu_memory_used_bytes / transcription_gpu_memory_bytes"},
                "percentunit",
            ),
            Panel(
                "What did retention remove?",
                {"{{kind}}": "max by (kind) (increase(transcription_removed_total[1h]))"},
                "short",
            ),
        ),
    ),
)
