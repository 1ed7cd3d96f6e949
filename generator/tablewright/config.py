"""The project's configuration: schemas, output folder and environments, from `tablewright.toml` or `pyproject.toml`."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from glob import glob
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

FILE: Final = "tablewright.toml"
DEFAULT_ENVIRONMENT: Final = "dev"
DEFAULT_SCHEMAS: Final = ("schemas/*.yaml", "schemas/*.yml")
DEFAULT_OUTPUT: Final = "generated"
TOKEN: Final = "AIRTABLE_ACCESS_TOKEN"  # noqa: S105  # the variable's name
ENDPOINT: Final = "https://api.airtable.com"
ENVIRONMENT: Final = "TABLEWRIGHT_ENVIRONMENT"
STORE: Final = "TABLEWRIGHT_STORE"
BASE: Final = "AIRTABLE_BASE_ID"
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
_LOCK_START: Final = "tablewright.lock."
_LOCK_END: Final = ".json"
_STORE_OPTIONS: Final = ("endpoint", "rate_limit", "token_variable")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*\Z")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FILE_URL: Final = re.compile(r"(?:sqlite(?:\+\w+)?:///|local:(?://)?)(?P<file>[^?]+)")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.")


class ConfigUnusable(Exception):
    """The configuration does not say what is needed, or says it wrongly. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Environment:
    """One place that a schema is brought to. *store* is a SQL database's URL; empty for Airtable.

    *base* is empty where it is not made yet. *token_variable* names the environment variable that holds the token,
    which itself is never written down, and *store_variable* the one that holds the URL of a store. *rate_limit* is
    "on" or "off" where the URL says so.
    """

    name: str
    store: str = ""
    store_variable: str = ""
    base: str = ""
    bases: Mapping[str, str] = field(default_factory=dict)
    base_name: str = ""
    workspace: str = ""
    endpoint: str = ENDPOINT
    token_variable: str = TOKEN
    rate_limit: str = ""

    @property
    def is_sql(self) -> bool:
        return bool(self.store)


@dataclass(frozen=True, slots=True)
class Config:
    """What the project's configuration says; all defaults where there is none. *folder* holds the lock files."""

    folder: Path
    schemas: tuple[str, ...] = DEFAULT_SCHEMAS
    output: str = DEFAULT_OUTPUT
    default_environment: str = ""
    environments: Mapping[str, Environment] = field(default_factory=dict)

    def schema_paths(self) -> list[Path]:
        """Return the schema files that the patterns name, in order. A file that begins with a dot is an editor's."""
        found: dict[Path, Path] = {}
        for pattern in self.schemas:
            # Path.glob takes no absolute pattern.
            names = glob(pattern, root_dir=self.folder, recursive=True)  # noqa: PTH207  # see above
            for path in (self.folder / name for name in sorted(names)):
                if path.is_file():
                    found.setdefault(path.resolve(), path)
        return list(found.values())


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
            f"there is no environment '{chosen}': {_nearest(chosen, config.environments)}"
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
        found = replace(found, endpoint=_checked_endpoint(endpoint, "--endpoint"), store="")
    return found


def named_file(url: str) -> str:
    """Return the file that a store's URL names, as it is spelled; empty where it names none."""
    named = _FILE_URL.match(url)
    return named["file"] if named is not None and named["file"] != ":memory:" else ""


def place_of(url: str) -> str:
    """Return a store's URL in a form that is the same for every spelling of a file's path."""
    file = named_file(url)
    return f"{url.partition(':')[0].partition('+')[0]}:{Path(file).resolve()}" if file else url


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
        f"{_nearest(chosen, locked)}, as lock files tell"
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
    return _with_store(found, url, f"{variable}, which environment '{found.name}' names,")


def _from_variables(found: Environment, known: Mapping[str, str]) -> Environment:
    if known.get(STORE):
        return _with_store(found, known[STORE], STORE)
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


def _with_store(found: Environment, url: str, where: str) -> Environment:
    """Return the environment with what a store's URL says; of `airtable://` URLs base and end point are taken apart."""
    if not url.startswith("airtable:"):
        if _URL.match(url) is None:
            raise ConfigUnusable(
                f"{where} is no store: write airtable://appXXXXXXXXXXXXXX, sqlite:///tasks.db or postgresql://…"
            )
        return replace(found, store=url)
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name in options:
        if name not in _STORE_OPTIONS:
            raise ConfigUnusable(
                f"{where}: an Airtable URL has no '{name}': {_nearest(name, _STORE_OPTIONS)}"
            )
    endpoint = _checked_endpoint(options.get("endpoint", found.endpoint), f"{where}: endpoint")
    # The host of a URL is case-insensitive, a base's id is not: so it is read from the text as written.
    base = parts.netloc or parts.path.strip("/")
    variable = options.get("token_variable", found.token_variable)
    _require_variable(variable, f"{where}: token_variable", TOKEN)
    return replace(
        found,
        base=base,
        endpoint=endpoint,
        token_variable=variable,
        rate_limit=options.get("rate_limit", ""),
    )


def _require_variable(text: str, where: str, example: str) -> None:
    if _VARIABLE.fullmatch(text) is None:
        # What stands there may be a secret, and stays unsaid.
        held = "token" if example == TOKEN else "URL"
        raise ConfigUnusable(f"{where} is the name of a variable, such as {example}, and no {held}")


def _checked_endpoint(text: str, where: str) -> str:
    try:
        parts = urlsplit(text)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_url = False
    if not is_url:
        raise ConfigUnusable(f"{where} is a URL such as http://127.0.0.1:8642, not '{text}'")
    return text.rstrip("/")


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
        endpoint=_checked_endpoint(_text(given, "endpoint", ENDPOINT, here), f"{here}: 'endpoint'"),
        token_variable=_text(given, "token_variable", TOKEN, here),
    )
    _require_variable(found.token_variable, f"{here}: 'token_variable'", TOKEN)
    store, variable = _text(given, "store", "", here), _text(given, "store_variable", "", here)
    stores = [key for key in _STORES if given.get(key)]
    beside = [*stores, *(key for key in _PLACES if key in given)]
    if stores and len(beside) > 1:
        raise ConfigUnusable(
            f"{here}: '{beside[0]}' and '{beside[1]}' name two places: leave one of them out"
        )
    if "store_variable" in given:
        _require_variable(variable, f"{here}: 'store_variable'", "DATABASE_URL")
        return replace(found, store_variable=variable)
    return _with_store(found, store, f"{here}: 'store'") if store else found


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
            raise ConfigUnusable(f"{where} has no key '{key}': {_nearest(key, known)}")


def _nearest(word: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1)
    guess = f"did you mean '{near[0]}'? " if near else ""
    return f"{guess}there are {', '.join(names)}"
