"""The environment that a command works on: declared, given by options, or named by environment variables."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from tablewright.config.declared import Config, ConfigUnusable, Environment, nearest
from tablewright.config.reading import FILE
from tablewright.config.store_urls import checked_endpoint, place_of, with_store

DEFAULT_ENVIRONMENT: Final = "dev"
ENVIRONMENT: Final = "TABLEWRIGHT_ENVIRONMENT"
STORE: Final = "TABLEWRIGHT_STORE"
BASE: Final = "AIRTABLE_BASE_ID"
_LOCK_START: Final = "tablewright.lock."
_LOCK_END: Final = ".json"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*\Z")


def chosen_environment(
    config: Config,
    name: str | None,
    *,
    base: str | None = None,
    endpoint: str | None = None,
    workspace: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> Environment:
    """Return the environment to work on, completed by what was given and by environment variables.

    Without a name it is TABLEWRIGHT_ENVIRONMENT, the configured default, or the only one there is. Where none is
    declared, those with a lock file are known, and a new one has to come with its base or workspace. One that nobody
    named is not taken where the variables by which programs connect name another place.

    Raises:
        ConfigUnusable: there is no such environment, several and none was chosen, or its store's variable holds none.
    """
    known = os.environ if variables is None else variables
    named = name or known.get(ENVIRONMENT)
    chosen = named or config.default_environment
    if not chosen:
        if len(config.environments) > 1:
            raise ConfigUnusable(
                f"there are several environments: choose one with --environment ({', '.join(config.environments)})"
            )
        chosen = next(iter(config.environments), DEFAULT_ENVIRONMENT)
    if config.environments and chosen not in config.environments:
        raise ConfigUnusable(
            f"there is no environment '{chosen}': {nearest(chosen, config.environments)}"
        )
    if _NAME.match(chosen) is None:
        raise ConfigUnusable(
            f"an environment cannot be named '{chosen}': it names a file, so use letters, digits, '-' and '_'"
        )
    if not config.environments and not base and not workspace:
        _require_known(config.folder, chosen)
    found = config.environments.get(chosen, Environment(chosen))
    if not (base or workspace):
        found = _completed(found, known, is_named=bool(named))
    if base:
        found = replace(found, base=base, bases={}, store="")
    if workspace:
        found = replace(found, workspace=workspace, store="")
    if endpoint:
        found = replace(found, endpoint=checked_endpoint(endpoint, "--endpoint"), store="")
    return found


def environment_names(config: Config) -> list[str]:
    """Return the environments that can be chosen: those declared, or where none is those with a lock file."""
    return list(config.environments) or _locked(config.folder)


def _locked(folder: Path) -> list[str]:
    return sorted(
        path.name.removeprefix(_LOCK_START).removesuffix(_LOCK_END)
        for path in folder.glob(f"{_LOCK_START}*{_LOCK_END}")
    )


def _require_known(folder: Path, chosen: str) -> None:
    """Refuse a name that nothing is known of, no lock file either: it is mistyped, or new."""
    locked = _locked(folder)
    if chosen in (DEFAULT_ENVIRONMENT, *locked):
        return
    told = (
        f"{nearest(chosen, locked)}, as lock files tell"
        if locked
        else f"without a configuration there is '{DEFAULT_ENVIRONMENT}' alone, which needs no --environment"
    )
    raise ConfigUnusable(
        f"there is no environment '{chosen}': {told}. A new one says where it is: name its base with --base, "
        f"have one made with --workspace, or write [environments.{chosen}] into {FILE}"
    )


def _completed(found: Environment, known: Mapping[str, str], *, is_named: bool) -> Environment:
    """Return the environment with the place that variables name, where it leaves that to them."""
    if found.store_variable:
        found = _with_store_variable(found, known)
    elif not (found.store or found.base or found.bases or found.workspace):
        return _from_variables(found, known)
    if not is_named:
        _require_one_place(found, known)
    return found


def _with_store_variable(found: Environment, known: Mapping[str, str]) -> Environment:
    variable = found.store_variable
    url = known.get(variable, "").strip()
    if not url:
        raise ConfigUnusable(
            f"{variable} is not set, where the environment '{found.name}' has its store: put the store's URL there, "
            "such as postgresql://user:password@host/database"
        )
    return with_store(found, url, f"{variable}, which environment '{found.name}' names,")


def _from_variables(found: Environment, known: Mapping[str, str]) -> Environment:
    if known.get(STORE):
        return with_store(found, known[STORE], STORE)
    return replace(found, base=known.get(BASE, ""))


def _require_one_place(found: Environment, known: Mapping[str, str]) -> None:
    """Refuse a default where programs go elsewhere: nobody is to bring the wrong database up to date."""
    variable = STORE if known.get(STORE) else BASE
    if not known.get(variable):
        return
    other = _from_variables(Environment(found.name), known)
    if found.store or other.store:
        is_one = place_of(found.store) == place_of(other.store)
    else:
        # A base that a workspace is still to get, or that the lock file tells, may well be the same.
        held = {found.base, *found.bases.values()} - {""}
        is_one = not held or (other.base in held and other.endpoint == found.endpoint)
    if not is_one:
        raise ConfigUnusable(
            f"two places are named: {variable}, and the environment '{found.name}', which nobody chose. For the "
            f"environment say --environment {found.name}; for the place in {variable} unset what names the other one, "
            f"or give it an environment of its own, such as [environments.here] with {_way_to(variable)}, and say "
            "--environment here"
        )


def _way_to(variable: str) -> str:
    return f'store_variable = "{STORE}"' if variable == STORE else "its base"
