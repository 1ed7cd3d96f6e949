"""The server's ASGI application: token, rate limit, faults and call log around the API, and the pages beside it."""

import asyncio
import hmac
import logging
import random
from collections.abc import Callable, Mapping
from time import perf_counter
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tablewright.airtable import MAX_URL_LENGTH
from tablewright.server import attachments, clock, errors
from tablewright.server.attachments import FetchJob
from tablewright.server.calls import Call, CallLog
from tablewright.server.faults import FaultRule, Faults
from tablewright.server.jsontext import dumps
from tablewright.server.limiter import RateLimiter
from tablewright.server.meta import SchemaEditor
from tablewright.server.meta_api import MetaApi
from tablewright.server.pages import Pages
from tablewright.server.params import Query
from tablewright.server.record_api import RecordApi
from tablewright.server.request import Answer, ApiRequest, segments_of
from tablewright.server.webhooks import Webhooks
from tablewright.server.workspace import Workspace

MAX_BODY_BYTES = 16 * 1024 * 1024
"""The service's limit is not published."""
_JSON = "application/json; charset=utf-8"
# Observed on the real service: browsers may call it from any page, the token being what guards it.
_ALWAYS = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "DELETE,GET,OPTIONS,PATCH,POST,PUT",
    "access-control-allow-headers": "authorization,content-length,content-type,user-agent,"
    "x-airtable-application-id,x-airtable-user-agent,x-api-version,x-requested-with",
}
_log = logging.getLogger(__name__)

Cut = Callable[[Scope], None]
"""Ends the connection a request came by, at once and without an answer."""


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
        self._records.server_url = url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        request = Request(scope, receive)
        path = unquote(scope["raw_path"].decode("ascii", "replace"))
        if request.method == "OPTIONS":
            await Response(status_code=200, headers=_ALWAYS)(scope, receive, send)
            return
        rule = self._faults.next_for(request.method, path)
        action = None if rule is None else rule.action
        response: Response | None = None
        if action != "refuse":
            try:
                body = await request.body()
            except ClientDisconnect:
                return
            if rule is not None and action == "delay":
                await asyncio.sleep(rule.seconds)
            response = self._respond(request, body, rule)
        self._calls.add(
            Call(
                time=clock.millisecond(clock.now()),
                method=request.method,
                path=path,
                query=unquote(scope["query_string"].decode("ascii", "replace")),
                status=0 if response is None else response.status_code,
                milliseconds=round((perf_counter() - started) * 1000, 3),
                fault=action,
            )
        )
        if response is not None:
            await response(scope, receive, send)
        elif self.cut is not None:
            self.cut(scope)
            # Lets the event loop notice the end, so that no answer is tried.
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    def _respond(self, request: Request, body: bytes, rule: FaultRule | None) -> Response | None:
        """The response, or None when the connection is to be cut."""
        try:
            if rule is not None:
                broken = _broken_answer(rule)
                if broken is not None:
                    return broken
                if rule.action == "cut-before":
                    return None
            answer = self._answer(request, body)
        except errors.ApiError as error:
            return _response(dumps(error.body()), error.status, error.headers)
        except Exception:  # noqa: BLE001 - a fault of ours is the service's 500
            _log.exception("%s %s failed", request.method, request.url.path)
            return _response('{"error":{"type":"SERVER_ERROR","message":"Server error"}}', 500)
        if answer.to_fetch:
            attachments.fetch_in_background(answer.to_fetch, self._deliver())
        if rule is not None and rule.action == "cut-after":
            return None
        if rule is not None and rule.action == "malformed":
            return _response(answer.text[: len(answer.text) // 2], answer.status)
        return _response(answer.text, answer.status)

    def _answer(self, request: Request, body: bytes) -> Answer:
        self._authenticate(request)
        raw_path, query = request.scope["raw_path"], request.scope["query_string"]
        if len(raw_path) + len(query) > MAX_URL_LENGTH:
            raise errors.url_too_long()
        if len(body) > MAX_BODY_BYTES:
            raise errors.too_large()
        segments = segments_of(raw_path)
        asked = ApiRequest(request.method, segments, Query(query), body)
        match segments:
            case ("meta", "bases", base_id, *_) | ("bases", base_id, "webhooks", *_):
                self._limit(base_id)
            case ("meta", *_) | ():
                pass
            case (base_id, *_):
                self._limit(base_id)
        match segments:
            case ("meta", *_):
                return self._meta.answer(asked)
            case ("bases", base_id, "webhooks", *_):
                return Answer(dumps(self._webhooks.answer(asked, self._meta.base(base_id))))
            case (base_id, _, *_):
                return self._records.answer(asked, self._meta.base(base_id))
        raise errors.route_not_found()

    def _authenticate(self, request: Request) -> None:
        given = request.headers.get("authorization", "").encode()
        scheme, _, token = given.partition(b" ")
        if scheme.lower() != b"bearer" or not hmac.compare_digest(token.strip(), self._token):
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


def _broken_answer(rule: FaultRule) -> Response | None:
    """The answer of a fault that keeps the request from being carried out."""
    waiting = {} if rule.retry_after is None else {"retry-after": rule.retry_after}
    match rule.action:
        case "429":
            return _response(dumps(errors.too_fast().body()), 429, waiting)
        case "500":
            return _response('{"error":{"type":"SERVER_ERROR","message":"Server error"}}', 500)
        case "502":
            return Response("<html><h1>502 Bad Gateway</h1></html>", 502, media_type="text/html")
        case "503":
            return _response(dumps(errors.retriable().body()), 503, waiting)
    return None


_RAW_HEADERS = [
    (name.encode(), value.encode()) for name, value in {"content-type": _JSON, **_ALWAYS}.items()
]


class _JsonResponse(Response):
    """An answer of the API: its headers are always the same, so they are made once."""

    def __init__(self, text: str, status: int, headers: Mapping[str, str]) -> None:
        self.status_code = status
        self.background = None
        self.body = text.encode()
        self.raw_headers = [*_RAW_HEADERS, (b"content-length", str(len(self.body)).encode())]
        if headers:
            self.raw_headers += [(name.encode(), value.encode()) for name, value in headers.items()]


def _response(text: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return _JsonResponse(text, status, headers or {})


async def _nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        error = errors.route_not_found()
        await _response(dumps(error.body()), error.status)(scope, receive, send)


def application(api: AirtableApi, pages: Pages) -> ASGIApp:
    """The API, the start page, the call log and the attachments in one application."""
    beside = Starlette(
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

    async def entrance(scope: Scope, receive: Receive, send: Send) -> None:
        # Past the router: the API splits its paths itself, and every request passes here.
        is_api = scope["type"] == "http" and scope["path"].startswith("/v0/")
        await (api if is_api else beside)(scope, receive, send)

    return entrance
