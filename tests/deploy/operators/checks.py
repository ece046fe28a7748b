"""What the operator's pages name exists: codes, log words, settings, commands, metrics, pages, and the table of needs."""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from typer.main import get_command

from stenopool import metrics
from stenopool.cli import app
from stenopool.errors import ErrorCode
from stenopool.gpus.need import gpu_need
from stenopool.instruments import Metrics, names
from stenopool.settings import SECRETS, Settings
from stenopool.sizes import shown_size

PAGES: Final = ("backup-and-restore", "gpu", "security-checklist", "spot-workers", "troubleshooting", "upgrade")

_CODE: Final = re.compile(r"`([^`\n]+)`")
_FENCE: Final = re.compile(r"```[a-z]*\n(.*?)```", re.DOTALL)
_WORD: Final = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
_SETTING: Final = re.compile(r"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)(?:=.*)?")
_METRIC: Final = re.compile(r"transcription_[a-z0-9_]+")
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)
_EVENT: Final = re.compile(r"_log\.\w+\(\s*\"([a-z_]+)\"")
_FINDING: Final = re.compile(r"(?:ok|warn|fail|Finding|Check|_fail|_port)\(\s*\"([a-z_]+)\"")
_SOURCES: Final = ("api", "worker", "beat", "stenopool")

_FOREIGN: Final = frozenset(
    {
        *("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "LD_LIBRARY_PATH"),
        *("SIGTERM", "FLUSHALL", "TRUE", "NAME", "GET", "DELETE", "POST", "PRELOAD_MODEL"),
    }
)
"""Capital words that are no settings of ours."""

_FIELDS: Final = frozenset(
    {
        *("request_id", "transcription_id", "oldest_seconds", "file_name"),
        *("gpu_available", "model_loaded", "memory_ok", "vad_filter"),
        # Celery's, CTranslate2's, and reasons of webhooks.
        *("int8_float16", "address_not_allowed"),
    }
)
"""Names on the wire that pages speak of."""


def check_words(root: Path) -> list[str]:
    """Words with an underscore in them are codes, events of the log, findings of the doctor, or fields."""
    known = set(ErrorCode) | _FIELDS | _events(_real(root)) | _findings(_real(root)) | _histograms()
    return [
        f"{page.name}: nothing here is called {word}"
        for page, code in _codes(root)
        for word in ([code] if _WORD.fullmatch(code) else [])
        if word not in known
    ]


def check_settings(root: Path) -> list[str]:
    """Settings that are named exist."""
    fields = {name.upper() for name in Settings.model_fields} | {f"{name}_FILE" for name in SECRETS}
    faults = []
    for page, code in _codes(root):
        found = _SETTING.fullmatch(code)
        if found and ("_" in code or "=" in code) and found[1] not in fields | _FOREIGN:
            faults.append(f"{page.name}: there is no setting {found[1]}")
    return faults


def check_commands(root: Path) -> list[str]:
    """Commands of ours that are typed exist, with their options; so do targets of make."""
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text("utf-8"), re.MULTILINE))
    faults = []
    for page in _pages(root):
        text = page.read_text("utf-8")
        for line in [*_CODE.findall(text), *"\n".join(_FENCE.findall(text)).splitlines()]:
            faults += [f"{page.name}: {fault}" for fault in _wrong_command(line)]
            faults += [
                f"{page.name}: make has no target {target}"
                for target in re.findall(r"\bmake ([a-z-]+)", line)
                if target not in targets
            ]
    return faults


def check_metrics(root: Path) -> list[str]:
    """Metrics that are named are told by some process."""
    known = _histograms()
    return [
        f"{page.name}: no metric is called {name}"
        for page in _pages(root)
        for name in _METRIC.findall(page.read_text("utf-8"))
        if name not in known and name != "transcription_id"
    ]


def check_links(root: Path) -> list[str]:
    """Links inside the source lead to a page, and to a heading of it."""
    faults = []
    for page in _pages(root):
        for link in _LINK.findall(page.read_text("utf-8")):
            if link.startswith(("http://", "https://")):
                continue
            path, _, heading = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            if not target.exists():
                faults.append(f"{page.name}: {link} leads nowhere")
            elif heading and heading not in _headings(target):
                faults.append(f"{page.name}: {target.name} has no heading {heading}")
    return faults


def check_needs(root: Path) -> list[str]:
    """The table of a GPU's memory is what workers demand."""
    table = (
        (root / "docs/how-to/gpu.md").read_text("utf-8").partition("<!-- needs:")[2].partition("<!-- end of needs")[0]
    )
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("| ")
    ]
    types = [cell.strip("`") for cell in rows[0][1:]]
    faults = []
    for model, *cells in rows[1:]:
        needs = [gpu_need(model, compute_type) for compute_type in types]
        expected = [shown_size(need.memory_bytes) if need else "?" for need in needs]
        if cells != expected:
            faults.append(f"gpu.md: {model} needs {', '.join(expected)}")
    return faults if len(rows) > 1 else ["gpu.md: the table of needs is gone"]


def check_findings(root: Path) -> list[str]:
    """The doctor's page has a line for each of its codes and for no others."""
    told = set(re.findall(r"^\| `([a-z_]+)` \|", (root / "docs/reference/doctor.md").read_text("utf-8"), re.MULTILINE))
    known = _findings(_real(root))
    return [
        *(f"doctor.md: there is no code {code}" for code in sorted(told - known)),
        *(f"doctor.md: nothing is told of {code}" for code in sorted(known - told)),
    ]


def check_all(root: Path) -> list[str]:
    """All of them."""
    checks = (check_words, check_settings, check_commands, check_metrics, check_links, check_needs, check_findings)
    return [fault for check in checks for fault in check(root)]


def _wrong_command(line: str) -> list[str]:
    found = re.search(r"(?:^|[ `=])stenopool ([a-z][a-z ]*)(.*)", line.split("#", maxsplit=1)[0])
    if found is None:
        return []
    command = get_command(app)
    words = found[1].split()
    while words and hasattr(command, "commands"):
        inner = command.commands.get(words.pop(0))
        if inner is None:
            return [f"there is no command `{found[0].strip()}`"]
        command = inner
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    given = re.findall(r"(?:^| )(--[a-z][a-z-]*)", found[2] + " ")
    return [f"`stenopool {found[1].strip()}` has no option {option}" for option in given if option not in known]


@lru_cache
def _events(root: Path) -> frozenset[str]:
    found: set[str] = set()
    for source in _SOURCES:
        for file in (root / source).rglob("*.py"):
            found.update(_EVENT.findall(file.read_text("utf-8")))
    return frozenset(found)


@lru_cache
def _findings(root: Path) -> frozenset[str]:
    files = [root / "stenopool/checks.py", *(root / "stenopool/doctor").glob("*.py")]
    return frozenset(code for file in files for code in _FINDING.findall(file.read_text("utf-8")))


@lru_cache
def _histograms() -> frozenset[str]:
    every: tuple[Metrics, ...] = (
        *(*metrics.OF_API, *metrics.OF_LEDGER),
        *(*metrics.OF_DISK, *metrics.OF_WORKER, *metrics.OF_GPU),
    )
    plain = names(every)
    return frozenset([*plain, *(f"{name}_{part}" for name in plain for part in ("bucket", "sum", "count"))])


def _real(root: Path) -> Path:
    """Where the code of a tree lies: in a copy it is a link."""
    return (root / _SOURCES[-1]).resolve().parent


def _pages(root: Path) -> list[Path]:
    return [root / "docs" / "how-to" / f"{name}.md" for name in PAGES]


def _codes(root: Path) -> Iterator[tuple[Path, str]]:
    for page in _pages(root):
        text = page.read_text("utf-8")
        for code in _CODE.findall(_FENCE.sub("", text)):
            yield page, code
        for block in _FENCE.findall(text):
            for assignment in re.findall(r"(?:^|[ ;'])([A-Z][A-Z0-9_]+=\S*)", block, re.MULTILINE):
                yield page, assignment


def _headings(page: Path) -> set[str]:
    slugs = set()
    for heading in _HEADING.findall(page.read_text("utf-8")):
        kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
        slugs.add(kept.replace(" ", "-"))
    return slugs
