"""Writes the settings into README.md and .env.example: ``scripts/settings_table.py [--check]``.

Both are made from the one class ``Settings``, so that neither can tell another story than the code.
"""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Final

from stenopool.durations import format_duration
from stenopool.settings import SECRETS, Settings

ROOT: Final = Path(__file__).resolve().parent.parent
_BEGIN: Final = "<!-- settings: made by scripts/settings_table.py -->\n"
_END: Final = "<!-- end of settings -->"
_EXAMPLE_HEAD: Final = """\
# All settings with their defaults; made by scripts/settings_table.py. Copy to .env, change what you need, and give the
# same ones to every process of an installation: set -a; . ./.env; set +a
"""


def _default(name: str) -> str:
    value = Settings.model_fields[name].default
    if value is None or value == "":
        return ""
    if isinstance(value, timedelta):
        return format_duration(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def table() -> str:
    """The settings as a Markdown table."""
    rows = ["| setting | default | what it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        shown = f"`{_default(name)}`" if _default(name) else "not set"
        twin = f" Or `{name.upper()}_FILE`, a file that holds it." if name.upper() in SECRETS else ""
        rows.append(f"| `{name.upper()}` | {shown} | {field.description}{twin} |")
    return "\n".join(rows) + "\n"


def example() -> str:
    """The settings as a file for ``.env``, all commented out."""
    lines = [
        f"# {field.description}\n# {name.upper()}={_default(name)}\n" for name, field in Settings.model_fields.items()
    ]
    return _EXAMPLE_HEAD + "".join("\n" + line for line in lines)


def documents() -> dict[Path, str]:
    """Each file that shows the settings, as it should be."""
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return {readme: before + _BEGIN + table() + _END + after, ROOT / ".env.example": example()}


def main() -> None:
    """Writes the files, or with ``--check`` says which one is out of date and exits with 1."""
    is_check = "--check" in sys.argv[1:]
    stale = [path for path, text in documents().items() if not path.exists() or path.read_text("utf-8") != text]
    for path in stale:
        if is_check:
            print(f"{path.name} is out of date: run scripts/settings_table.py")
        else:
            path.write_text(documents()[path], encoding="utf-8")
    sys.exit(1 if is_check and stale else 0)


if __name__ == "__main__":
    main()
