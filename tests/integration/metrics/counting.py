"""A process that joins a group and counts as it is told by lines on its standard input; for the tests of this folder."""

import sys
from pathlib import Path

from stenopool import metrics
from stenopool.metrics_folder import MetricsFolder


def main() -> None:
    run_dir, owner = sys.argv[1:]
    folder = MetricsFolder.open(Path(run_dir), "test", int(owner))
    assert folder is not None
    _say("joined")
    for line in sys.stdin:
        match line.split():
            case ["count", number]:
                metrics.CACHE_MISSES.inc(int(number))
                metrics.REQUEST_DURATION.observe(0.02, route="/health", method="GET")
                metrics.REQUESTS_IN_PROGRESS.change(1)
            case ["many", number]:
                for route in range(int(number)):
                    metrics.REQUESTS.inc(route=f"/{route}", method="GET", status="2xx")
            case ["leave"]:
                folder.leave()
        _say("done")


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
