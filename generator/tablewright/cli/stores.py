"""What `work` and `stats` share: which store holds the records of a class."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tablewright.cli.provisioning import environment_option, variables

if TYPE_CHECKING:
    from tablewright.runtime import AirtableModel

_Function = TypeVar("_Function", bound=Callable[..., Any])


def store_options(function: _Function) -> _Function:
    """Add the options that name a store."""
    store = click.option(
        "--store",
        metavar="URL",
        help="Where the records are. By default --environment says so, else TABLEWRIGHT_ENVIRONMENT, the variables "
        "for tablewright.connect(), or the default of the configuration.",
    )
    return store(environment_option(function))


def chosen_url(
    record: type[AirtableModel], store: str | None, environment: str | None
) -> str | None:
    """Return the store to work on; None where it is the one that `connect()` takes by itself.

    That is where no environment was named, and either variables name a store or no environment is declared.

    Raises:
        click.ClickException: two places are named, or the environment does not say where it is.
    """
    from tablewright.config import (
        BASE,
        ENVIRONMENT,
        STORE,
        TOKEN,
        ConfigUnusable,
        chosen_environment,
        read_config,
    )
    from tablewright.provision.errors import ProvisionError
    from tablewright.provision.stores import store_url

    if store is not None:
        if environment:
            raise click.UsageError(
                "--store and --environment name two places: leave one of them out"
            )
        return store
    try:
        known = variables()
        is_named = bool(environment or known.get(ENVIRONMENT))
        if not is_named and (known.get(STORE) or (known.get(TOKEN) and known.get(BASE))):
            return None
        config = read_config(Path.cwd())
        if not is_named and not config.environments:
            return None
        chosen = chosen_environment(config, environment, variables=known)
        return store_url(chosen, schema_of(record), config.folder)
    except (ConfigUnusable, ProvisionError) as error:
        raise click.ClickException(str(error)) from error


def schema_of(record: type[AirtableModel]) -> str:
    """Return the schema that a record class, or the one that it extends, was generated from: its package's name."""
    for one in record.__mro__:
        package = one.__module__
        while package:
            if f"{package}._schema" in sys.modules:
                return package.rpartition(".")[2]
            package = package.rpartition(".")[0]
    return ""
