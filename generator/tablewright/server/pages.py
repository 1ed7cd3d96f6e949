"""What the server shows beside the API: a start page, the records of a table, the call log, attachments."""

import re
from functools import cached_property
from ipaddress import ip_address
from itertools import islice

from jinja2 import Environment, FunctionLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from tablewright.render.locate import template_text
from tablewright.server.calls import CallLog
from tablewright.server.compiled import Compiled
from tablewright.server.computed import Calculator
from tablewright.server.display import TextCells
from tablewright.server.workspace import Workspace

_SHOWN_CALLS = 50
_SHOWN_RECORDS = 200
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(?:;[\x20-\x7e]*)?", re.ASCII)


class Pages:
    """The handlers. Names and requests are shown to this machine only, or to who has the token."""

    def __init__(self, workspace: Workspace, calls: CallLog, token: str) -> None:
        self._workspace = workspace
        self._calls = calls
        self._token = token

    @cached_property
    def _templates(self) -> Environment:
        loader = FunctionLoader(lambda name: template_text(f"server/{name}")[0])
        return Environment(autoescape=True, undefined=StrictUndefined, loader=loader)

    @cached_property
    def _compiled(self) -> Compiled:
        return Compiled()

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
            self._templates.get_template("start.html.jinja").render(
                bases=bases, calls=calls, total=self._calls.total
            )
        )

    async def table(self, request: Request) -> Response:
        """The records of a table as text, as people read them in a grid."""
        if not self._may_look(request):
            return Response("Ask from the machine the server runs on.", 403)
        wanted = request.path_params["table_id"]
        base, table = next(
            (
                (base, base.tables[wanted])
                for base in self._workspace.bases.values()
                if wanted in base.tables
            ),
            (None, None),
        )
        if base is None or table is None:
            return Response("No such table.", 404)
        cells = TextCells(Calculator(self._workspace, base, self._compiled), "utc", "en")
        fields = list(table.fields.values())
        rows = self._workspace.rows(table)
        records = [
            [row.id, *(cells.text(table, field, row) or "" for field in fields)]
            for row in islice(rows, _SHOWN_RECORDS)
        ]
        page = self._templates.get_template("table.html.jinja").render(
            base=base.name,
            table=table.name,
            fields=[field.name for field in fields],
            records=records,
            total=len(rows),
        )
        return HTMLResponse(page)

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
        if _MEDIA_TYPE.fullmatch(content_type) is None:
            # Whoever uploaded it named the type; a header takes not every text.
            content_type = "application/octet-stream"
        # A stored page must not run as one: it would share this server's origin.
        headers = {"content-disposition": "attachment", "x-content-type-options": "nosniff"}
        return Response(content, headers=headers, media_type=content_type)
