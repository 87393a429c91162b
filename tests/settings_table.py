"""Write the README's table of settings out of their declaration."""

import sys
from datetime import timedelta
from pathlib import Path

from idp.settings import Settings

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- settings: begin -->", "<!-- settings: end -->"


def shown(default: object) -> str:
    if default in (None, "", {}, ()):
        return ""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, timedelta):
        return f"`{int(default.total_seconds())}`"
    return f"`{default}`"


def table() -> str:
    rows = ["| variable | default | meaning |", "| --- | --- | --- |"]
    own = [name for name in Settings.model_fields if name in Settings.__annotations__]
    of_proofs = [name for name in Settings.model_fields if name not in own]
    for name in (*own, *of_proofs):
        field = Settings.model_fields[name]
        rows.append(f"| `IDP_{name.upper()}` | {shown(field.default)} | {field.description} |")
    return "\n".join(rows)


def with_table(readme: str) -> str:
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    current = README.read_text()
    wanted = with_table(current)
    if "--check" in sys.argv:
        sys.exit(current != wanted)
    README.write_text(wanted)
