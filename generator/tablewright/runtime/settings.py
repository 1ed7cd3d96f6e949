"""The environment, and beneath it the file `.env` of the current folder."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tablewright.runtime.errors import NotConfigured

_TOKEN: Final = re.compile(r"[!-~]+")


def settings() -> dict[str, str]:
    """Return what is set. The file is read and not loaded: what runs beside us keeps its own environment.

    Raises:
        NotConfigured: the file is there and cannot be read.
    """
    from dotenv import dotenv_values

    path = Path.cwd() / ".env"
    try:
        file = {name: value for name, value in dotenv_values(path).items() if value}
    except UnicodeDecodeError:
        raise NotConfigured(f"{path} is no text in UTF-8: save it so, or move it away") from None
    except OSError as error:
        raise NotConfigured(
            f"{path} cannot be read: {error.strerror}. Make it readable, or move it away"
        ) from error
    return {**file, **{name: value for name, value in os.environ.items() if value}}


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
