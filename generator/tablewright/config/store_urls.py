"""URLs of stores: what an environment takes from one, and the file that it names."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from tablewright.config.declared import TOKEN, ConfigUnusable, Environment, nearest

_STORE_OPTIONS: Final = ("endpoint", "rate_limit", "token_variable")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FILE_URL: Final = re.compile(r"(?:sqlite(?:\+\w+)?:///|local:(?://)?)(?P<file>[^?]+)")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.")


def named_file(url: str) -> str:
    """Return the file that a store's URL names, as it is spelled; empty where it names none."""
    named = _FILE_URL.match(url)
    return named["file"] if named is not None and named["file"] != ":memory:" else ""


def place_of(url: str) -> str:
    """Return a store's URL in a form that is the same for every spelling of a file's path."""
    file = named_file(url)
    return f"{url.partition(':')[0].partition('+')[0]}:{Path(file).resolve()}" if file else url


def with_store(found: Environment, url: str, where: str) -> Environment:
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
                f"{where}: an Airtable URL has no '{name}': {nearest(name, _STORE_OPTIONS)}"
            )
    endpoint = checked_endpoint(options.get("endpoint", found.endpoint), f"{where}: endpoint")
    # The host of a URL is case-insensitive, a base's id is not: so it is read from the text as written.
    base = parts.netloc or parts.path.strip("/")
    variable = options.get("token_variable", found.token_variable)
    require_variable(variable, f"{where}: token_variable", TOKEN)
    return replace(
        found,
        base=base,
        endpoint=endpoint,
        token_variable=variable,
        rate_limit=options.get("rate_limit", ""),
    )


def require_variable(text: str, where: str, example: str) -> None:
    if _VARIABLE.fullmatch(text) is None:
        # What stands there may be a secret, and stays unsaid.
        held = "token" if example == TOKEN else "URL"
        raise ConfigUnusable(f"{where} is the name of a variable, such as {example}, and no {held}")


def checked_endpoint(text: str, where: str) -> str:
    try:
        parts = urlsplit(text)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_url = False
    if not is_url:
        raise ConfigUnusable(f"{where} is a URL such as http://127.0.0.1:8642, not '{text}'")
    return text.rstrip("/")
