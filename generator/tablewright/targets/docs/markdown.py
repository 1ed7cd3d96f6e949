"""Text → Markdown in which nothing of it is markup."""

from __future__ import annotations

import re


def prose(text: str) -> str:
    """Return *text* as one paragraph in which nothing is markup."""
    flat = " ".join(text.split())
    marked = re.sub(r"([\\`*_{}\[\]<>#|~!&$])", r"\\\1", flat)
    # What begins a list stands only at the beginning.
    return re.sub(r"^(\d*)([-+.)])(?= )", r"\1\\\2", marked)


def code(text: str) -> str:
    """Return *text* as code, in a table too."""
    flat = " ".join(text.split()).replace("|", "\\|")
    longest = max((len(run) for run in re.findall(r"`+", flat)), default=0)
    fence = "`" * (longest + 1)
    space = " " if "`" in flat else ""
    return f"{fence}{space}{flat}{space}{fence}" if flat else ""
