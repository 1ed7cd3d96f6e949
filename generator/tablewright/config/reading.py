"""`tablewright.toml`, or a section of `pyproject.toml` → what it declares."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tablewright.config.declared import (
    DEFAULT_OUTPUT,
    DEFAULT_SCHEMAS,
    ENDPOINT,
    TOKEN,
    Config,
    ConfigUnusable,
    Environment,
    nearest,
)
from tablewright.config.store_urls import checked_endpoint, require_variable, with_store

FILE: Final = "tablewright.toml"
_KEYS: Final = ("schemas", "output", "default_environment", "environments")
_ENVIRONMENT_KEYS: Final = (
    "store",
    "store_variable",
    "base",
    "bases",
    "base_name",
    "workspace",
    "endpoint",
    "token_variable",
)
_STORES: Final = ("store", "store_variable")
_PLACES: Final = ("base", "bases", "workspace")


def read_config(start: Path) -> Config:
    """Return the configuration that holds in *start*: the nearest one, looking upwards.

    Raises:
        ConfigUnusable: it is broken, or has a key that means nothing.
    """
    for folder in (start, *start.parents):
        own, project = folder / FILE, folder / "pyproject.toml"
        if own.is_file():
            return _config(folder, _toml(own), str(own))
        if project.is_file():
            section = _toml(project).get("tool", {}).get("tablewright")
            if section is not None:
                return _config(folder, section, f"[tool.tablewright] of {project}")
    return Config(start)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigUnusable(f"{path} cannot be read: {error}") from error


def _config(folder: Path, section: Any, where: str) -> Config:
    _check_keys(section, _KEYS, where)
    schemas = section.get("schemas", list(DEFAULT_SCHEMAS))
    if isinstance(schemas, str):
        schemas = [schemas]
    if (
        not isinstance(schemas, list)
        or not schemas
        or not all(isinstance(one, str) and one for one in schemas)
    ):
        raise ConfigUnusable(f"{where}: 'schemas' is a list of paths, such as [\"schemas/*.yaml\"]")
    environments = section.get("environments", {})
    if not isinstance(environments, dict):
        raise ConfigUnusable(f"{where}: 'environments' is a table with one entry each")
    return Config(
        folder,
        tuple(schemas),
        _text(section, "output", DEFAULT_OUTPUT, where),
        _text(section, "default_environment", "", where),
        {name: _environment(name, given, where) for name, given in environments.items()},
    )


def _environment(name: str, given: Any, where: str) -> Environment:
    here = f"{where}, environment '{name}'"
    if isinstance(given, str):
        given = {"store": given}
    if isinstance(given, dict) and "token" in given:
        raise ConfigUnusable(
            f"{here}: a token is never written down here: put it into the variable {TOKEN}, or into another whose name "
            "'token_variable' says"
        )
    _check_keys(given, _ENVIRONMENT_KEYS, here)
    bases = given.get("bases", {})
    if not isinstance(bases, dict) or not all(isinstance(one, str) for one in bases.values()):
        raise ConfigUnusable(f"{here}: 'bases' is a table of base ids by schema name")
    found = Environment(
        name,
        base=_text(given, "base", "", here),
        bases=bases,
        base_name=_text(given, "base_name", "", here),
        workspace=_text(given, "workspace", "", here),
        endpoint=checked_endpoint(_text(given, "endpoint", ENDPOINT, here), f"{here}: 'endpoint'"),
        token_variable=_text(given, "token_variable", TOKEN, here),
    )
    require_variable(found.token_variable, f"{here}: 'token_variable'", TOKEN)
    store, variable = _text(given, "store", "", here), _text(given, "store_variable", "", here)
    stores = [key for key in _STORES if given.get(key)]
    beside = [*stores, *(key for key in _PLACES if key in given)]
    if stores and len(beside) > 1:
        raise ConfigUnusable(
            f"{here}: '{beside[0]}' and '{beside[1]}' name two places: leave one of them out"
        )
    if "store_variable" in given:
        require_variable(variable, f"{here}: 'store_variable'", "DATABASE_URL")
        return replace(found, store_variable=variable)
    return with_store(found, store, f"{here}: 'store'") if store else found


def _text(section: Mapping[str, Any], key: str, default: str, where: str) -> str:
    found = section.get(key, default)
    if not isinstance(found, str):
        raise ConfigUnusable(f"{where}: '{key}' is a text")
    return found


def _check_keys(section: Any, known: Iterable[str], where: str) -> None:
    if not isinstance(section, dict):
        raise ConfigUnusable(f"{where} is a table with keys of its own")
    for key in section:
        if key not in known:
            raise ConfigUnusable(f"{where} has no key '{key}': {nearest(key, known)}")
