"""The environment, and beneath it the file `.env` of the current folder."""

from __future__ import annotations

import os
from pathlib import Path

from tablewright.runtime.errors import NotConfigured


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
