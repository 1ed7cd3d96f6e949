"""The project's configuration, from `tablewright.toml` or `pyproject.toml`, and the environment chosen of it."""

from tablewright.config.choosing import (
    BASE,
    ENVIRONMENT,
    STORE,
    chosen_environment,
    environment_names,
)
from tablewright.config.declared import ENDPOINT, TOKEN, Config, ConfigUnusable, Environment
from tablewright.config.reading import FILE, read_config
from tablewright.config.store_urls import named_file, place_of

__all__ = [
    "BASE",
    "ENDPOINT",
    "ENVIRONMENT",
    "FILE",
    "STORE",
    "TOKEN",
    "Config",
    "ConfigUnusable",
    "Environment",
    "chosen_environment",
    "environment_names",
    "named_file",
    "place_of",
    "read_config",
]
