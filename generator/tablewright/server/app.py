"""The server's ASGI application: token, rate limit, faults and call log around the API, and the pages beside it."""

import asyncio
import logging
import os
import random
from collections.abc import Callable, Iterable
from hmac import compare_digest
from time import perf_counter, time
from typing import Any, NamedTuple, cast

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from tablewright.airtable import MAX_URL_LENGTH
from tablewright.server import attachments, errors
from tablewright.server.attachments import FetchJob
from tablewright.server.calls import CallLog, Entry
from tablewright.server.faults import FaultRule, Faults
from tablewright.server.jsontext import dumps
from tablewright.server.limiter import RateLimiter
from tablewright.server.meta import SchemaEditor
from tablewright.server.meta_api import MetaApi
from tablewright.server.pages import Pages
from tablewright.server.params import NO_QUERY, Query
from tablewright.server.record_api import RecordApi
from tablewright.server.request import Answer, ApiRequest, segments_of
from tablewright.server.storage import DataFileError
from tablewright.server.webhooks import Webhooks
from tablewright.server.workspace import Workspace

MAX_BODY_BYTES = 16 * 1024 * 1024
"""The service's limit is not published."""
_ALLOWED_HEADERS = (
    "authorization,content-length,content-type,user-agent,x-airtable-application-id,"
    "x-airtable-user-agent,x-api-version,x-requested-with"
)
ALWAYS = [
    (b"content-type", b"application/json; charset=utf-8"),
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"DELETE,GET,OPTIONS,PATCH,POST,PUT"),
    (b"access-control-allow-headers", _ALLOWED_HEADERS.encode()),
]
"""The head of every answer, as recorded from the service: browsers may call it from any page, the token guards it."""
_log = logging.getLogger(__name__)

Cut = Callable[[Scope], None]
"""Ends the connection a request came by, at once and without an answer."""


class _Reply(NamedTuple):
    """A whole answer of the API."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    refusal: str | None = None
    """For the call log."""


class AirtableApi:
    """Everything below `/v0`, as an ASGI application. It works on one request at a time, from one thread."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        token: str,
        calls: CallLog,
        limiter: RateLimiter | None = None,
        faults: Faults,
        creates_computed: bool = True,
        shuffle: random.Random | None = None,
    ) -> None:
        self._workspace = workspace
        self._token = token.encode()
        self._calls = calls
        self._limiter = limiter
        self._faults = faults
        self._webhooks = Webhooks(workspace)
        self._records = RecordApi(workspace, shuffle=shuffle, listener=self._webhooks)
        self._meta = MetaApi(workspace, SchemaEditor(workspace, creates_computed=creates_computed))
        self.cut: Cut | None = None
        """Set by what serves the application; without it a cut connection shows as a fault of the server."""

    def listen_at(self, url: str) -> None:
        """Tell the application its own address, for the links it hands out."""
        self._workspace.server_url = url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Scope and messages are used as they come: a framework's request and response objects would cost as
        # much as the rest of a small request.
        started = perf_counter()
        method: str = scope["method"]
        if method == "OPTIONS":
            await _send(send, _Reply(200, _headers(b""), b""))
            return
        if self._workspace.is_by_hand and scope["raw_path"].startswith(b"/v0/meta/"):
            await self._reply_by_hand(scope, receive, send)
            return
        rule = self._faults.next_for(method, scope["raw_path"])
        action = None if rule is None else rule.action
        reply: _Reply | None = None
        if action != "refuse":
            body = await _whole_body(receive)
            if body is None:
                return
            if rule is not None and action == "delay":
                await asyncio.sleep(rule.seconds)
            reply = self._reply(scope, body, rule)
        self._calls.add(
            Entry(
                time(),
                method,
                scope["raw_path"],
                scope["query_string"],
                0 if reply is None else reply.status,
                perf_counter() - started,
                action,
                None if reply is None else reply.refusal,
            )
        )
        if reply is not None:
            await _send(send, reply)
        elif self.cut is not None:
            self.cut(scope)
            # Lets the event loop notice the end, so that no answer is tried.
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    async def _reply_by_hand(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _whole_body(receive)
        if body is not None and (reply := self._reply(scope, body, None)) is not None:
            await _send(send, reply)

    def _reply(self, scope: Scope, body: bytes, rule: FaultRule | None) -> _Reply | None:
        """The whole answer, or None when the connection is to be cut."""
        try:
            if rule is not None:
                broken = _broken_reply(rule)
                if broken is not None:
                    return broken
                if rule.action == "cut-before":
                    return None
            answer = self._answer(scope, body)
        except errors.ApiError as error:
            refused = _json(dumps(error.body()), error.status)
            return refused._replace(refusal=error.explained)
        except DataFileError as error:
            _log.error("%s %s failed: %s", scope["method"], scope["path"], error)
            return _json(_SERVER_ERROR, 500)._replace(refusal=str(error))
        except Exception:  # noqa: BLE001 - a fault of ours is the service's 500
            _log.exception("%s %s failed", scope["method"], scope["path"])
            return _json(_SERVER_ERROR, 500)
        if answer.to_fetch:
            attachments.fetch_in_background(answer.to_fetch, self._deliver())
        if rule is not None and rule.action == "cut-after":
            return None
        if rule is not None and rule.action == "malformed":
            return _json(answer.text[: len(answer.text) // 2], answer.status)
        return _json(answer.text, answer.status)

    def _answer(self, scope: Scope, body: bytes) -> Answer:
        self._authenticate(scope["headers"])
        raw_path, query = scope["raw_path"], scope["query_string"]
        if len(raw_path) + len(query) > MAX_URL_LENGTH:
            raise errors.url_too_long()
        if len(body) > MAX_BODY_BYTES:
            raise errors.too_large()
        segments = segments_of(raw_path)
        asked = ApiRequest(scope["method"], segments, Query(query) if query else NO_QUERY, body)
        match segments:
            case ("meta", "bases", base_id, *_) | ("bases", base_id, "webhooks", *_):
                if not self._workspace.is_by_hand:
                    self._limit(base_id)
                if segments[0] == "meta":
                    return self._meta.answer(asked)
                return Answer(dumps(self._webhooks.answer(asked, self._meta.base(base_id))))
            case ("meta", *_):
                return self._meta.answer(asked)
            case (base_id, _, *_):
                self._limit(base_id)
                return self._records.answer(asked, self._meta.base(base_id))
        raise errors.route_not_found()

    def _authenticate(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        for name, value in headers:
            if name == b"authorization":
                scheme, _, token = value.partition(b" ")
                if scheme.lower() == b"bearer" and compare_digest(token.strip(), self._token):
                    return
        raise errors.authentication_required()

    def _limit(self, base_id: str) -> None:
        if self._limiter is not None and not self._limiter.admits(base_id):
            raise errors.too_fast()

    def _deliver(self) -> attachments.Deliver:
        loop = asyncio.get_running_loop()

        def deliver(job: FetchJob, content_type: str, content: bytes) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(
                    attachments.keep_fetched, self._workspace, job, content_type, content
                )

        return deliver


async def _whole_body(receive: Receive) -> bytes | None:
    """The request's body; None when the client has gone. Of one that is too large no more is kept than shows it."""
    message = await receive()
    if message["type"] != "http.request":
        return None
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] != "http.request":
            return None
        if size <= MAX_BODY_BYTES:
            parts.append(message.get("body", b""))
            size += len(parts[-1])
    return b"".join(parts)


def _broken_reply(rule: FaultRule) -> _Reply | None:
    """The answer of a fault that keeps the request from being carried out."""
    waiting: list[tuple[bytes, bytes]] = []
    if rule.retry_after is not None:
        waiting.append((b"retry-after", rule.retry_after.encode()))
    match rule.action:
        case "429":
            return _json(dumps(errors.too_fast().body()), 429, waiting)
        case "500":
            return _json(_SERVER_ERROR, 500)
        case "502":
            page = b"<html><h1>502 Bad Gateway</h1></html>"
            return _Reply(502, [(b"content-type", b"text/html"), _length(page)], page)
        case "503":
            return _json(dumps(errors.retriable().body()), 503, waiting)
    return None


_SERVER_ERROR = '{"error":{"type":"SERVER_ERROR","message":"Server error"}}'


def _json(text: str, status: int, more: Iterable[tuple[bytes, bytes]] = ()) -> _Reply:
    body = text.encode()
    return _Reply(status, [*_headers(body), *more], body)


def _headers(body: bytes) -> list[tuple[bytes, bytes]]:
    return [*ALWAYS, _length(body)]


def _length(body: bytes) -> tuple[bytes, bytes]:
    return b"content-length", b"%d" % len(body)


async def _send(send: Send, reply: _Reply) -> None:
    await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
    await send({"type": "http.response.body", "body": reply.body})


async def _nothing_here(scope: Scope, _receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        error = errors.route_not_found()
        await _send(send, _json(dumps(error.body()), error.status))


def application(api: AirtableApi, pages: Pages) -> ASGIApp:
    """The API, the start page, the call log and the attachments in one application."""
    router = Starlette(
        routes=[
            Route("/", pages.start, methods=["GET"]),
            Route("/tables/{table_id}", pages.table, methods=["GET"]),
            Route("/calls", pages.calls, methods=["GET", "DELETE"]),
            Route(
                attachments.ROUTE + "/{attachment_id}/{filename:path}",
                pages.attachment,
                methods=["GET"],
            ),
            Mount("/", app=_nothing_here),
        ]
    )

    # Pages are shown to this machine only: behind a proxy, that is said by its headers.
    trusted = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")
    beside: Any = ProxyHeadersMiddleware(cast("Any", router), trusted_hosts=trusted)

    async def entrance(scope: Scope, receive: Receive, send: Send) -> None:
        # Past the router: the API splits its paths itself, and every request passes here.
        is_api = scope["type"] == "http" and scope["path"].startswith("/v0/")
        await (api if is_api else beside)(scope, receive, send)

    return entrance
