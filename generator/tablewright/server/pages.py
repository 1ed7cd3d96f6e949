"""What the server shows beside the API: a start page, the call log as JSON, and the bytes of attachments."""

from functools import cached_property
from ipaddress import ip_address

from jinja2 import Environment, StrictUndefined, Template
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from tablewright.render.locate import template_text

from .calls import CallLog
from .workspace import Workspace

_SHOWN_CALLS = 50


class Pages:
    """The handlers. Names and requests are shown to this machine only, or to who has the token."""

    def __init__(self, workspace: Workspace, calls: CallLog, token: str) -> None:
        self._workspace = workspace
        self._calls = calls
        self._token = token

    @cached_property
    def _template(self) -> Template:
        text, _ = template_text("server/start.html.jinja")
        return Environment(autoescape=True, undefined=StrictUndefined).from_string(text)

    def _may_look(self, request: Request) -> bool:
        host = request.client.host if request.client else ""
        try:
            if ip_address(host).is_loopback:
                return True
        except ValueError:
            pass
        return request.headers.get("authorization") == f"Bearer {self._token}"

    async def start(self, request: Request) -> Response:
        """Bases, tables and the latest requests, as a page."""
        if not self._may_look(request):
            return Response("Ask from the machine the server runs on.", 403)
        bases = [
            {
                "id": base.id,
                "name": base.name,
                "tables": [
                    {
                        "id": table.id,
                        "name": table.name,
                        "fields": len(table.fields),
                        "records": len(self._workspace.rows(table)),
                    }
                    for table in base.tables.values()
                ],
            }
            for base in self._workspace.bases.values()
        ]
        calls = self._calls.latest(_SHOWN_CALLS)
        return HTMLResponse(
            self._template.render(bases=bases, calls=calls, total=self._calls.total)
        )

    async def calls(self, request: Request) -> Response:
        """The call log, oldest first; `DELETE` empties it."""
        if not self._may_look(request):
            return Response("Ask from the machine the server runs on.", 403)
        if request.method == "DELETE":
            self._calls.clear()
        listed = [call.shown() for call in self._calls]
        return JSONResponse({"total": self._calls.total, "calls": listed})

    async def attachment(self, request: Request) -> Response:
        """The bytes of an attachment. Its id is the key, as in the service's own links; it does not expire."""
        found = self._workspace.storage.attachment(request.path_params["attachment_id"])
        if found is None:
            return Response("No such attachment.", 404)
        content_type, content = found
        # A stored page must not run as one: it would share this server's origin.
        headers = {"content-disposition": "attachment", "x-content-type-options": "nosniff"}
        return Response(content, headers=headers, media_type=content_type)
