"""What a configuration declares: schemas, output folder and environments."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path
from typing import Final

DEFAULT_SCHEMAS: Final = ("schemas/*.yaml", "schemas/*.yml")
DEFAULT_OUTPUT: Final = "generated"
TOKEN: Final = "AIRTABLE_ACCESS_TOKEN"  # noqa: S105  # the variable's name
ENDPOINT: Final = "https://api.airtable.com"


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


def nearest(word: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1)
    guess = f"did you mean '{near[0]}'? " if near else ""
    return f"{guess}there are {', '.join(names)}"
