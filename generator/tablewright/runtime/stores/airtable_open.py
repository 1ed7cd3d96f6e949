"""Store URLs → Airtable stores: a base of the service, one behind another end point, or a local one in this process."""

from __future__ import annotations

import ipaddress
import re
from contextlib import ExitStack
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from pyairtable import Api
from requests import Session

from tablewright.runtime.errors import NotConfigured, StoreUnavailable
from tablewright.runtime.settings import settings, token_in
from tablewright.runtime.stores.airtable import AirtableStore
from tablewright.runtime.stores.airtable_client import SERVICE, TIMEOUT, TOKEN, Client
from tablewright.runtime.stores.airtable_names import locked_names, names_of
from tablewright.runtime.stores.limiter import Limiter, UnlimitedRequests, limiter_for

_BASE: Final = re.compile(r"app[0-9A-Za-z]{14}")
_OPTIONS: Final = ("endpoint", "rate_limit", "token_variable")


def open_airtable_store(address: str) -> AirtableStore:
    """Return the store behind `airtable://appXXXXXXXXXXXXXX`; the token comes from the environment or `.env`.

    `?endpoint=http://127.0.0.1:8642` names another service, `?token_variable=NAME` another variable than
    AIRTABLE_ACCESS_TOKEN that holds the token. Requests to the service are limited for all programs of
    this machine together, those to this machine itself are not; `rate_limit=on` or `off` says otherwise.

    Raises:
        NotConfigured: the URL cannot be read, or there is no token that can be sent.
    """
    parts = urlsplit(address)
    base_id = parts.netloc
    if not _BASE.fullmatch(base_id) or parts.path.strip("/"):
        raise NotConfigured(
            "an Airtable URL names a base: airtable://appXXXXXXXXXXXXXX, its id from the address bar of the browser"
        )
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = [name for name in options if name not in _OPTIONS]
    if unknown or options.get("rate_limit", "on") not in ("on", "off"):
        raise NotConfigured(
            "an Airtable URL takes ?endpoint=http://…, ?rate_limit=on or off and ?token_variable=NAME, not "
            f"{', '.join(unknown) or 'rate_limit=' + options['rate_limit']}"
        )
    variable = options.get("token_variable", TOKEN)
    token = token_in(settings(), variable)
    if not token:
        raise NotConfigured(
            f"{address.partition('?')[0]} needs a personal access token: set {variable} in the environment or in .env"
        )
    service = options.get("endpoint", SERVICE).rstrip("/")
    if urlsplit(service).scheme not in ("http", "https"):
        raise NotConfigured(f"endpoint is a URL such as http://127.0.0.1:8642, not '{service}'")
    is_limited = options.get("rate_limit", "off" if _is_here(service) else "on") == "on"
    limiter: Limiter = limiter_for(service, base_id) if is_limited else UnlimitedRequests()
    folder = Path.cwd()
    locked = locked_names(base_id, folder)
    client = Client(api_for(token, service), base_id, limiter, token_variable=variable)
    shown = "" if service == SERVICE else f" at {service}"
    found = AirtableStore(
        client, lambda table: names_of(table, locked, folder), f"Airtable {base_id}{shown}"
    )
    found.passwords = frozenset({token})
    return found


def open_local_store(address: str) -> AirtableStore:
    """Return a store on a local Airtable that runs in this process: `local:` in memory, `local:FILE` on a file.

    Tables of the models that are used are created when they are first used.
    """
    from tablewright.runtime.stores.airtable_local import LocalTables, started

    file = address.partition(":")[2].removeprefix("//")
    try:
        airtable = started(Path(file) if file else None)
    except (OSError, ValueError, RuntimeError) as error:
        raise StoreUnavailable(f"local:{file} cannot be opened: {error}") from error
    resources = ExitStack()
    resources.callback(airtable.stop)
    client = Client(api_for(airtable.token, airtable.url), airtable.base_id, UnlimitedRequests())
    named = file or "in memory"
    return AirtableStore(
        client,
        LocalTables(client, airtable.by_hand),
        f"local Airtable {named}",
        resources=resources,
    )


def api_for(token: str, service: str) -> Api:
    """Return pyairtable's client, without its own retries: it would wait for less than the penalty lasts."""
    api = Api(token, endpoint_url=service, timeout=TIMEOUT, retry_strategy=None)
    session = Session()
    # Looked for at every request otherwise: proxies of the environment are read once, where they matter.
    session.trust_env = not _is_here(service)
    api.session = session
    api.api_key = token
    return api


def _is_here(service: str) -> bool:
    host = urlsplit(service).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
