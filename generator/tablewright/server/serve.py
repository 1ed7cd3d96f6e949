"""Running the server: in a thread of this process, or as a process of its own."""

import errno
import random
import secrets
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Literal, Self

import uvicorn
from starlette.types import Scope

from tablewright.server.app import AirtableApi, application
from tablewright.server.calls import CallLog
from tablewright.server.connection import WholeAnswers
from tablewright.server.ending import PromptServer
from tablewright.server.faults import Faults
from tablewright.server.importing import SchemaFileError, open_schema, read_schema
from tablewright.server.jsontext import JsonObject
from tablewright.server.limiter import RateLimiter
from tablewright.server.meta import SchemaEditor
from tablewright.server.pages import Pages
from tablewright.server.schema import Base
from tablewright.server.transaction import Transaction
from tablewright.server.workspace import Workspace

DEFAULT_BASE = "Local base"
LOOPBACK = "127.0.0.1"
_START_SECONDS = 20.0
# Longer than a client's idle connection is likely to wait for its next use.
_KEEP_ALIVE_SECONDS = 75


class PortTakenError(Exception):
    """The address cannot be listened at; the message says which and what to do."""


class LocalAirtable:
    """A local Airtable over HTTP, started with `start` or `with` and used by any Airtable client.

        with LocalAirtable() as airtable:
            api = pyairtable.Api(airtable.token, endpoint_url=airtable.url)
            table = api.table(airtable.base_id, "Tasks")

    Without `data` everything is kept in memory and gone at the end. `fail` takes rules as `faults` describes them.
    """

    def __init__(
        self,
        data: str | Path | None = None,
        *,
        schema: str | Path | JsonObject | None = None,
        base_name: str = DEFAULT_BASE,
        token: str | None = None,
        rate_limit: bool = False,
        fail: str | Sequence[str] | None = None,
        seed: int = 0,
        host: str = LOOPBACK,
        port: int = 0,
        era: Literal["2025", "2026"] = "2026",
        shuffle: bool = False,
    ) -> None:
        """Open the data and take a port (0: any free one); nothing is answered before `start`.

        `schema` is a file, or its JSON, with what the real service answers as base schema. `era="2025"` refuses to
        create computed fields, as the service did before May 2026. `shuffle` gives lists without `sort` and `view`
        in another order each time.

        Raises:
            DataFileError, SchemaFileError, FaultRuleError, PortTakenError: each says what to do.
        """
        rules = Faults.parse(fail, seed)
        document = read_schema(Path(schema)) if isinstance(schema, (str, Path)) else schema
        source = schema if isinstance(schema, (str, Path)) else "the schema"
        self.token = token or new_token()
        self.is_limited = rate_limit
        self.calls = CallLog()
        self.workspace = Workspace.open(None if data is None else Path(data))
        try:
            try:
                self._base = _opened_base(self.workspace, document, base_name)
            except SchemaFileError as error:
                raise SchemaFileError(f"{source}: {error}") from error
            self._socket = listening_socket(host, port)
        except BaseException:
            self.workspace.close()
            raise
        bound_port: int = self._socket.getsockname()[1]
        reachable = _reachable(host)
        self.url = f"http://{f'[{reachable}]' if ':' in reachable else reachable}:{bound_port}"
        """Where the API is, without `/v0`: what clients call the end point."""
        api = AirtableApi(
            self.workspace,
            token=self.token,
            calls=self.calls,
            limiter=RateLimiter() if rate_limit else None,
            faults=rules,
            creates_computed=era != "2025",
            shuffle=random.Random(seed) if shuffle else None,  # noqa: S311 - repeatable on purpose
        )
        api.cut = self._cut
        api.listen_at(self.url)
        self._server = PromptServer(
            uvicorn.Config(
                application(api, Pages(self.workspace, self.calls, self.token)),
                # The logging of the process it runs in is left alone.
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                http=WholeAnswers,
                # `application` sees to the headers of proxies where they matter.
                proxy_headers=False,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=2,
                server_header=False,
            )
        )
        self._thread: Thread | None = None

    @property
    def base_id(self) -> str:
        """The id of the base that was opened or made at the start."""
        return self._base.id

    @property
    def store_url(self) -> str:
        """The base as `tablewright.connect` takes it; the token goes beside it, never into it.

        Of a server that limits requests it says so, since clients do not pace themselves on this machine otherwise.
        """
        pace = "&rate_limit=on" if self.is_limited else ""
        return f"airtable://{self.base_id}?endpoint={self.url}{pace}"

    def environment(self) -> dict[str, str]:
        """The two environment variables by which programs find the server."""
        return {"TABLEWRIGHT_STORE": self.store_url, "AIRTABLE_ACCESS_TOKEN": self.token}

    def start(self) -> Self:
        """Answer requests from a thread of this process; returns when the first one can come."""
        self._thread = Thread(
            target=self._server.run, args=([self._socket],), name="local-airtable", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                self.workspace.close()
                raise RuntimeError(f"the local Airtable did not start at {self.url}")
            time.sleep(0.002)
        return self

    def stop(self) -> None:
        """Finish the requests at hand and close the data. A second call does nothing."""
        if self._thread is not None:
            self._server.end()
            self._thread.join()
            self._thread = None
        self._socket.close()
        self.workspace.close()

    @contextmanager
    def by_hand(self) -> Iterator[None]:
        """In the block, changes of the schema are made as people make them in Airtable's own pages.

        So fields can be created that its API refuses, such as auto numbers, and neither the call log nor faults nor the
        rate limit know of the requests.
        """
        self.workspace.is_by_hand = True
        try:
            yield
        finally:
            self.workspace.is_by_hand = False

    def run(self) -> None:
        """Answer requests in this thread until the process is told to end."""
        try:
            # uvicorn ends well on Ctrl+C and then raises it again.
            with suppress(KeyboardInterrupt):
                self._server.run([self._socket])
        finally:
            self.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _cut(self, scope: Scope) -> None:
        for connection in self._server.server_state.connections:
            known: Any = connection  # the protocol classes share these attributes and no base class
            if known.client == scope["client"]:
                known.transport.abort()
                return


def new_token() -> str:
    """A token in the form of a personal access token."""
    return f"pat{secrets.token_hex(7)}.{secrets.token_hex(32)}"


def _reachable(host: str) -> str:
    """Where a server that listens at *host* is reached from this machine."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not address.is_unspecified:
        return host
    return "::1" if address.version == 6 else LOOPBACK


def _opened_base(workspace: Workspace, document: JsonObject | None, name: str) -> Base:
    if document is not None:
        return open_schema(workspace, document, name)
    for base in workspace.bases.values():
        if base.name == name:
            return base
    if name == DEFAULT_BASE and workspace.bases:
        return next(iter(workspace.bases.values()))
    base = SchemaEditor(workspace).new_base(name)
    with Transaction(workspace, base) as transaction:
        transaction.add_base()
    return base


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens at this address; port 0 takes a free one.

    Raises:
        PortTakenError: the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's delay off only where the protocol is named; with it each answer takes 40 ms longer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        raise PortTakenError(_why_not(host, port, error)) from error
    return listener


def _why_not(host: str, port: int, error: OSError | OverflowError) -> str:
    another_port = "choose another with --port, 0 takes a free one"
    if isinstance(error, OverflowError):
        return f"there is no port {port}: {another_port}"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is taken, perhaps by another server of this kind: {another_port}"
    if error.errno == errno.EACCES:
        return f"port {port} of {host} is reserved to the system: {another_port}"
    return (
        f"cannot listen at {host} ({error.strerror}): name an address of this machine with --host"
    )
