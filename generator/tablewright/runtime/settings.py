"""The environment, and beneath it the file `.env` of the current folder."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Final

from tablewright.runtime.errors import NotConfigured

logger = logging.getLogger("tablewright")

_TOKEN: Final = re.compile(r"[!-~]+")
_told: Final[set[tuple[Path, int]]] = set()
"""Lines that somebody was warned of."""


def settings() -> dict[str, str]:
    """Return what is set. The file is read and not loaded: what runs beside us keeps its own environment.

    A line of it that cannot be read is left out, and the log is warned once in each process.

    Raises:
        NotConfigured: the file is there and cannot be read, or is a pipe, which may never be written to.
    """
    path = Path.cwd() / ".env"
    try:
        if path.is_fifo() or path.is_socket():
            raise NotConfigured(
                f"{path} is no file but a pipe, which is not waited for: write the settings into a file of this name, "
                "or set them in the environment"
            )
        # A folder of this name is somebody's virtual environment.
        text = path.read_text("utf-8") if path.is_file() else ""
    except UnicodeDecodeError:
        raise NotConfigured(f"{path} is no text in UTF-8: save it so, or move it away") from None
    except OSError as error:
        raise NotConfigured(
            f"{path} cannot be read: {error.strerror}. Make it readable, or move it away"
        ) from error
    file = {name: value for name, value in _values(text, path).items() if value}
    return {**file, **{name: value for name, value in os.environ.items() if value}}


def _values(text: str, path: Path) -> dict[str, str | None]:
    """Return what the lines set that can be read. What stands in the others stays unsaid: it may be a secret."""
    from dotenv import dotenv_values
    from dotenv.parser import parse_stream

    readable: list[str] = []
    for one in parse_stream(StringIO(text)):
        statement = one.original.string
        if not one.error:
            readable.append(statement)
            continue
        blank = statement[: len(statement) - len(statement.lstrip())]
        place = (path, one.original.line + blank.count("\n"))
        if place not in _told:
            _told.add(place)
            logger.warning("%s, line %d is left out: it cannot be read. Write NAME=value", *place)
    return dotenv_values(stream=StringIO("".join(readable)))


def token_in(found: Mapping[str, str], variable: str) -> str:
    """Return the personal access token that *variable* holds; empty where it is not set.

    Raises:
        NotConfigured: it holds what cannot be sent, such as a shortened view of a token.
    """
    token = found.get(variable, "").strip()
    if token and _TOKEN.fullmatch(token) is None:
        raise NotConfigured(
            f"{variable} holds signs that no token has: it is ASCII letters, digits and signs without "
            "blanks. Copy it anew; a shortened view of it ends in '…'"
        )
    return token
