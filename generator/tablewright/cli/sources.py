"""Stores that a command only reads."""

from __future__ import annotations

from pathlib import Path

import click

from tablewright.config import named_file


def require_there(url: str, option: str) -> None:
    """Refuse a URL that names a file which is not there.

    Stores make the files they lack, so a slip in a name would look like a store without a single row.

    Raises:
        click.ClickException: there is no such file.
    """
    file = named_file(url)
    if file and not Path(file).exists():
        raise click.ClickException(f"there is no file {file}: see what {option} names")
