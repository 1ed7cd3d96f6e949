# ruff: noqa: SLF001  # what is private to records, columns and queries is shared by the modules that make them up
"""Which store records go to: `connect`, and the store that is current."""

from __future__ import annotations

import logging
from contextlib import suppress
from contextvars import ContextVar, Token
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from tablewright.runtime.errors import NotConfigured
from tablewright.runtime.passwords import passwords_in
from tablewright.runtime.settings import settings
from tablewright.runtime.unfit import OnUnfit, UnfitRows

if TYPE_CHECKING:
    from tablewright.runtime.stores.base import Capabilities, Store

logger = logging.getLogger("tablewright")

STORE: Final = "TABLEWRIGHT_STORE"
LEASES: Final = "TABLEWRIGHT_LEASES"
TOKEN: Final = "AIRTABLE_ACCESS_TOKEN"  # noqa: S105  # the variable's name
BASE: Final = "AIRTABLE_BASE_ID"
BEST_EFFORT: Final = "best effort"
"""What to say for leases to do without a database."""
EMBEDDED: Final = "tablewright.db"
"""The SQLite file of those who name no store."""
SETTINGS: Final = "tablewright.toml"
"""The file of a project's environments, which are for commands."""
WHAT_WORKS: Final = (
    "airtable://appXXXXXXXXXXXXXX, local:tasks.airtable, sqlite:///tasks.db, or postgresql://user@host/database"
)

_current: ContextVar[Store | None] = ContextVar("tablewright_store", default=None)
_default: Connection | None = None
_told: Final[set[Path]] = set()
"""Embedded files that somebody was told of: once in each process is enough."""


class Connection:
    """A connected store. It is the current one until it is closed, or until the end of a `with` block."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._before: Connection | None = None
        self._token: Token[Store | None] | None = None
        self._is_closed = False

    @property
    def description(self) -> str:
        """Return what is connected, without any secret."""
        return self.store.description

    @property
    def capabilities(self) -> Capabilities:
        """Return what the store guarantees."""
        return self.store.capabilities

    def close(self) -> None:
        """Let go of the store. The one that was connected before is current again."""
        global _default  # the process has one default
        self._is_closed = True
        while _default is not None and _default._is_closed:
            _default = _default._before
        self.store.close()

    def __enter__(self) -> Self:
        # For this context it is current whatever others connect; threads started inside find it as the default.
        self._token = _current.set(self.store)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        token, self._token = self._token, None
        if token is not None:
            # Web frameworks and test fixtures may end a block in another context; what was set went with the first one.
            with suppress(ValueError):
                _current.reset(token)
        self.close()

    def __repr__(self) -> str:
        return f"<Connection {self.description}>"


def connect(
    url: str | None = None,
    *,
    leases: str | None = None,
    strict: bool = False,
    on_unfit: OnUnfit | None = None,
) -> Connection:
    """Connect the store that records are kept in from now on, and return the connection.

    In a `with` statement it is current inside the block and closed at its end. Without *url* it is taken from the
    environment, or from the file `.env`: TABLEWRIGHT_STORE, else AIRTABLE_ACCESS_TOKEN with AIRTABLE_BASE_ID; and with
    nothing set, the SQLite file tablewright.db in the current folder, of which a warning tells in the log: without
    a set-up of logging it is seen on stderr. Nothing is opened before it is needed, but for `local:`, which starts a
    local Airtable in this process.

    Airtable cannot say for certain who holds a task of a queue. With *leases*, or TABLEWRIGHT_LEASES, a SQL database
    does: `leases="sqlite:///leases.db"`. With `leases="best effort"` Airtable does without, and a task may now and then
    have two holders. SQL stores keep leases themselves.

    A stored record that does not fit its model is left out of what is read: the log tells of it, and *on_unfit* is
    called with the error that names it and its fields. Where reading is *strict*, the error is raised instead.

    Raises:
        NotConfigured: there is no such store.
    """
    global _default  # the process has one default
    chosen, reason = (url, "given") if url is not None else chosen_store()
    store = _opened(chosen, leases)
    store.unfit = UnfitRows(strict=strict, on_unfit=on_unfit)
    store.passwords |= passwords_in((chosen, leases))
    connection = Connection(store)
    connection._before, _default = _default, connection
    logger.info("records are in %s (%s)", connection.description, reason)
    return connection


def current_store() -> Store:
    """Return the store that is current here.

    Raises:
        NotConfigured: nothing is connected.
    """
    store = _current.get()
    if store is not None:
        return store
    if _default is None:
        raise NotConfigured(
            "no store is connected: call tablewright.connect() first, or tablewright.connect('sqlite:///tasks.db')"
        )
    return _default.store


def chosen_store() -> tuple[str, str]:
    """Return the URL of the store that is taken where none is given, and where it was found.

    The log is warned of the embedded default, once in each process for each file: nobody asked for that.

    Raises:
        NotConfigured: what is set for Airtable is half of it.
    """
    found = settings()
    if found.get(STORE):
        return found[STORE], f"from {STORE}"
    if found.get(TOKEN) and found.get(BASE):
        return f"airtable://{found[BASE]}", f"from {TOKEN} and {BASE}"
    if found.get(TOKEN) or found.get(BASE):
        here, missing = (TOKEN, BASE) if found.get(TOKEN) else (BASE, TOKEN)
        raise NotConfigured(
            f"{here} is set and {missing} is not: set both for Airtable, or {STORE} for another store{_unread()}"
        )
    file = Path(EMBEDDED).resolve()
    if file not in _told:
        _told.add(file)
        logger.warning(
            "tablewright keeps records in the embedded default, SQLite in %s, since no store is named. "
            "To name one: tablewright.connect(URL), or %s in the environment or in .env. What works: %s%s",
            file, STORE, WHAT_WORKS, _unread(),
        )  # fmt: skip
    return f"sqlite:///{EMBEDDED}", "the embedded default"


def _unread() -> str:
    """Return what to say where the settings of a project name stores too, which is not what programs connect by."""
    if not Path(SETTINGS).is_file():
        return ""
    return f". The {SETTINGS} here is read by 'tablewright plan' and the like, not by programs: set {STORE} to the URL of a store"


def _opened(url: str, leases: str | None) -> Store:
    scheme, separator, _ = url.partition(":")
    kind = scheme.partition("+")[0].lower()
    if separator and kind in ("airtable", "local"):
        return _opened_airtable(url, leases or settings().get(LEASES), is_local=kind == "local")
    if kind not in ("sqlite", "postgresql", "postgres") or not separator:
        named = f"there are no '{scheme}:' stores" if separator else "a store is named by a URL"
        raise NotConfigured(f"{named}. What works: {WHAT_WORKS}")
    from tablewright.runtime.stores.sql import open_sql_store

    store = open_sql_store(f"postgresql{url[len(scheme):]}" if kind == "postgres" else url)
    if leases is not None:
        raise NotConfigured(f"{store.description} keeps leases itself: leave 'leases' out")
    return store


def _opened_airtable(url: str, leases: str | None, *, is_local: bool) -> Store:
    from tablewright.runtime.stores import airtable_open

    if leases is not None:
        check_leases(leases)
    opens = airtable_open.open_local_store if is_local else airtable_open.open_airtable_store
    store = opens(url)
    if leases is None:
        return store
    from tablewright.runtime.stores.airtable_leased import with_leases

    try:
        return with_leases(store, leases)
    except BaseException:
        store.close()
        raise


def check_leases(leases: str) -> None:
    """Make sure that *leases* names a place where leases of an Airtable base can be kept.

    Raises:
        NotConfigured: it is neither the URL of a database nor "best effort".
    """
    kind, separator, _ = leases.partition(":")
    is_sql = bool(separator) and kind.partition("+")[0] in ("sqlite", "postgresql", "postgres")
    if not is_sql and leases != BEST_EFFORT:
        raise NotConfigured(
            f"leases are kept in a SQL database, such as sqlite:///leases.db or postgresql://user@host/database, "
            f"or by '{BEST_EFFORT}' in Airtable alone; '{kind}' is neither"
        )
