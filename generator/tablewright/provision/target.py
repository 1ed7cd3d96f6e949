"""What a schema is brought to in one environment: an Airtable base or a SQL database, behind one face."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

from tablewright.config import ConfigUnusable, Environment
from tablewright.model.schema import Schema
from tablewright.provision.apply import Applied, Watcher, apply
from tablewright.provision.blanks import Blanks, rows_without_values
from tablewright.provision.live import LiveBase, live_base
from tablewright.provision.lock import Lock, lock_path, read_lock
from tablewright.provision.plan import Plan
from tablewright.provision.planning import airtable_plan
from tablewright.provision.ports.airtable import AirtablePort
from tablewright.provision.repeats import Repeats, rows_that_share_values
from tablewright.provision.wanted import wanted_base
from tablewright.runtime.errors import NotConfigured
from tablewright.runtime.settings import token_in


class Target(Protocol):
    """A place that can be compared with a schema and brought to it."""

    @property
    def description(self) -> str:
        """Return what it is, without any secret."""

    @property
    def live(self) -> LiveBase | None:
        """Return the Airtable base as `plan` saw it; nothing for a database."""

    @property
    def left_to_people(self) -> tuple[str, ...]:
        """Return the steps that earlier runs left to people."""

    def plan(self, *, allow_destructive: bool = False) -> Plan:
        """Return what brings it to the schema, after one look at it."""

    def apply(self, plan: Plan, *, watcher: Watcher | None = None, look: bool = True) -> Applied:
        """Run a plan. Without *look* the base counts as unchanged since `plan` looked at it."""

    def close(self) -> None:
        """Let go of connections."""


class AirtableTarget:
    """An Airtable base, real or local."""

    def __init__(
        self, schema: Schema, environment: Environment, lock: Lock, port: AirtablePort
    ) -> None:
        self._wanted = wanted_base(schema)
        self._environment = environment
        self.lock = lock
        self._port = port
        self._base = base_id(schema.name, environment, lock)
        self._live: LiveBase | None = None
        self._asking = 0

    @property
    def description(self) -> str:
        where = "" if self._environment.endpoint == _REAL else f" at {self._environment.endpoint}"
        return f"base {self._base}{where}" if self._base else f"a new base{where}"

    @property
    def live(self) -> LiveBase | None:
        return self._live

    @property
    def left_to_people(self) -> tuple[str, ...]:
        return tuple(self.lock.manual)

    def plan(self, *, allow_destructive: bool = False) -> Plan:
        if self._base:
            self._live = live_base(self._base, self._port.base_schema(self._base))
        blanks, repeats = self._look_at_rows()
        return airtable_plan(
            self._wanted, self._live, self.lock,
            blanks=blanks,
            repeats=repeats,
            allow_destructive=allow_destructive,
            base_name=self._environment.base_name,
            workspace=self._environment.workspace,
        )  # fmt: skip

    def _look_at_rows(self) -> tuple[Blanks, Repeats]:
        """Return the rows that have to be changed first, as far as nothing is known of them yet."""
        if self._live is None:
            return {}, {}
        before = self._port.calls
        blanks = rows_without_values(self._port, self._wanted, self._live, self.lock)
        repeats = rows_that_share_values(self._port, self._wanted, self._live, self.lock)
        self._asking = self._port.calls - before
        return blanks, repeats

    def apply(self, plan: Plan, *, watcher: Watcher | None = None, look: bool = True) -> Applied:
        live = None if look else self._live
        applied = apply(plan, self._port, self.lock, live=live, watcher=watcher)
        self._base = applied.base
        # Where the base is not read again, what `plan` read of it belongs to what the run took.
        return applied if look else replace(applied, calls=self._port.calls - self._asking)

    def close(self) -> None:
        self._port.close()


_REAL: Final = Environment("").endpoint
_WITHOUT_ACCOUNT: Final = (
    "or try it without an account: 'tablewright serve' starts a local Airtable and prints what to set"
)
_BASE_ID: Final = re.compile(r"app[0-9A-Za-z]{14}")


def base_id(schema: str, environment: Environment, lock: Lock) -> str:
    """Return the base to work on; empty where one is to be made in the environment's workspace.

    Raises:
        ConfigUnusable: none is named, its id is malformed, or it is another one than the lock file knows.
    """
    named = environment.bases.get(schema, "") or environment.base
    if named:
        require_base_id(named)
    if named and lock.base and named != lock.base:
        raise ConfigUnusable(
            f"{lock.path.name} belongs to base {lock.base}, and base {named} is named: "
            "choose another environment for it with --environment, or remove the lock file"
        )
    found = named or lock.base
    if not found and not environment.workspace:
        raise ConfigUnusable(
            f"environment '{environment.name}' names no base: say --base appXXXXXXXXXXXXXX, or --workspace wspXXXXXXXXXXXXXX "
            "to have one made (its id stands in the browser's address bar), or write either into the configuration; for a "
            f"database set TABLEWRIGHT_STORE, as in TABLEWRIGHT_STORE=sqlite:///tasks.db; {_WITHOUT_ACCOUNT}"
        )
    return found


def require_base_id(text: str) -> None:
    """Refuse what cannot be the id of a base, before it is sent.

    Raises:
        ConfigUnusable: it is none.
    """
    if _BASE_ID.fullmatch(text) is None:
        raise ConfigUnusable(
            f"'{text}' is no id of a base: it is 'app' and 14 letters or digits, and stands in the address bar of the "
            "browser, https://airtable.com/appXXXXXXXXXXXXXX/…"
        )


def open_target(
    schema: Schema, environment: Environment, folder: Path, variables: Mapping[str, str]
) -> Target:
    """Return the place that *environment* names. *folder* is where lock files lie.

    Raises:
        ConfigUnusable: it is not named well enough, or the token is missing.
        LockUnreadable: the lock file is broken.
    """
    if environment.is_sql:
        from tablewright.provision.ports.sql import SqlTarget

        return SqlTarget(schema, environment)
    lock = read_lock(lock_path(folder, environment.name), schema.name, environment.name)
    base_id(schema.name, environment, lock)
    token = token_of(environment, variables)
    port = AirtablePort(token, endpoint=environment.endpoint, rate_limit=environment.rate_limit)
    return AirtableTarget(schema, environment, lock, port)


def token_of(environment: Environment, variables: Mapping[str, str]) -> str:
    """Return the token of an environment.

    Raises:
        ConfigUnusable: its variable is not set, or holds what cannot be sent.
    """
    try:
        token = token_in(variables, environment.token_variable)
    except NotConfigured as error:
        raise ConfigUnusable(str(error)) from error
    if not token:
        raise ConfigUnusable(
            f"{environment.token_variable} is not set: put a personal access token there "
            f"(scopes schema.bases:read and :write, data.records:read and :write), {_WITHOUT_ACCOUNT}"
        )
    return token
