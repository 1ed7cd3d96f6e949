"""A local Airtable with the tables of some models, and connections to it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from tablewright.runtime import AirtableModel, Connection, TableSpec
from tablewright.runtime.connection import check_leases
from tablewright.runtime.stores.airtable import AirtableStore
from tablewright.runtime.stores.airtable_client import Client
from tablewright.runtime.stores.airtable_leased import with_leases
from tablewright.runtime.stores.airtable_local import LocalTables
from tablewright.runtime.stores.airtable_open import api_for
from tablewright.runtime.stores.limiter import Clock, Limiter, UnlimitedRequests, limiter_for
from tablewright.server.serve import LocalAirtable

Tables = Iterable[type[AirtableModel] | TableSpec]


def provision(airtable: LocalAirtable, models: Tables) -> None:
    """Make the tables of *models* in a running local Airtable, from their specifications.

    No faults, rate limit or call log have to do with that.
    """
    client = Client(api_for(airtable.token, airtable.url), airtable.base_id, UnlimitedRequests())
    tables = LocalTables(client, airtable.by_hand)
    for one in models:
        tables(one if isinstance(one, TableSpec) else one.table)
    client.close()


@contextmanager
def connected(
    airtable: LocalAirtable,
    *,
    leases: str | None = None,
    limiter: Limiter | None = None,
    clock: Clock = time,
    timeout: tuple[float, float] | None = None,
) -> Iterator[Connection]:
    """Connect to a local Airtable that runs in this process; in the block its store is the current one.

    Tables are made when their models are first used. *leases* are those of `tablewright.connect`. *clock* stands in for
    the one that retries and penalties wait by. To one that limits requests no more are sent than it takes, unless a
    *limiter* says otherwise.

    Raises:
        NotConfigured: leases cannot be kept there.
    """
    if leases is not None:
        check_leases(leases)
    api = api_for(airtable.token, airtable.url)
    if timeout is not None:
        # pyairtable hands it to requests, which takes fractions of seconds.
        api.timeout = timeout  # type: ignore[assignment]  # it says so of whole ones alone
    client = Client(api, airtable.base_id, limiter or _pace(airtable, clock), clock)
    # Nobody counts what tables are made by, so that no turn is waited for.
    maker = Client(api, airtable.base_id, UnlimitedRequests(clock), clock)
    tables = LocalTables(maker, airtable.by_hand)
    store = AirtableStore(client, tables, f"local Airtable {airtable.url}")
    if leases is not None:
        store = with_leases(store, leases)
    with Connection(store) as connection:
        yield connection


def _pace(airtable: LocalAirtable, clock: Clock) -> Limiter:
    if airtable.is_limited:
        return limiter_for(airtable.url, airtable.base_id, clock=clock)
    return UnlimitedRequests(clock)
