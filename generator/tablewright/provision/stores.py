"""An environment → the URL by which `connect` opens its store."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from tablewright.config import ENDPOINT, TOKEN, ConfigUnusable, Environment
from tablewright.provision.lock import lock_path, read_lock
from tablewright.provision.target import base_id

_OPTIONS: Final = (("endpoint", ENDPOINT), ("token_variable", TOKEN), ("rate_limit", ""))
"""What an Airtable URL says where it is not as usual."""


def store_url(environment: Environment, schema: str, folder: Path) -> str:
    """Return the URL of the store in which *environment* holds the tables of *schema*. *folder* is where lock files lie.

    No token stands in it: it names the variable that holds one.

    Raises:
        ConfigUnusable: no place is named, or there is no base yet.
        LockUnreadable: the lock file is broken.
    """
    if environment.is_sql:
        return environment.store
    lock = read_lock(lock_path(folder, environment.name), schema, environment.name)
    base = base_id(schema, environment, lock)
    if not base:
        raise ConfigUnusable(
            f"environment '{environment.name}' has no base yet: "
            f"'tablewright apply --environment {environment.name}' makes it"
        )
    options = {
        name: getattr(environment, name)
        for name, usual in _OPTIONS
        if getattr(environment, name) != usual
    }
    query = f"?{urlencode(options, safe=':/')}" if options else ""
    return f"airtable://{base}{query}"
