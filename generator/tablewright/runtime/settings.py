"""The environment, and beneath it the file `.env` of the current folder."""

from __future__ import annotations

import os
from pathlib import Path


def settings() -> dict[str, str]:
    """Return what is set. The file is read and not loaded: what runs beside us keeps its own environment."""
    from dotenv import dotenv_values

    file = {name: value for name, value in dotenv_values(Path.cwd() / ".env").items() if value}
    return {**file, **{name: value for name, value in os.environ.items() if value}}
