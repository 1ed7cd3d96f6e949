"""Stores that a command only reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import click

_FILE: Final = re.compile(r"(?:sqlite(?:\+\w+)?:///|local:(?://)?)(?P<file>[^?]+)")


def place(url: str) -> str:
    """Return a URL that is the same for every spelling of a file's path."""
    named = _FILE.match(url)
    if named is None or named["file"] == ":memory:":
        return url
    return f"{url.partition(':')[0]}:{Path(named['file']).resolve()}"


def require_there(url: str, option: str) -> None:
    """Refuse a URL that names a file which is not there.

    Stores make the files they lack, so a slip in a name would look like a store without a single row.

    Raises:
        click.ClickException: there is no such file.
    """
    named = _FILE.match(url)
    if named is None or named["file"] == ":memory:" or Path(named["file"]).exists():
        return
    raise click.ClickException(f"there is no file {named['file']}: see what {option} names")
