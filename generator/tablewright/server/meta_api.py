"""The meta end points: token owner, bases, schemas, collaborators."""

from tablewright.server import errors
from tablewright.server.ids import is_id
from tablewright.server.jsontext import JsonObject, dumps
from tablewright.server.meta import SchemaEditor
from tablewright.server.request import Answer, ApiRequest
from tablewright.server.schema import Base, Table
from tablewright.server.workspace import Workspace

BASES_PER_PAGE = 1_000


class MetaApi:
    """Answers everything below `/v0/meta`."""

    def __init__(self, workspace: Workspace, editor: SchemaEditor) -> None:
        self._workspace = workspace
        self._editor = editor

    def answer(self, request: ApiRequest) -> Answer:
        """The answer to a request whose first segment is `meta`."""
        match request.method, request.segments[1:]:
            case "GET", ("whoami",):
                _only(request)
                owner = self._workspace.owner
                return _json({"id": owner.id, "email": owner.email})
            case "GET", ("bases",):
                _only(request, "offset")
                return self._bases(request)
            case "POST", ("bases",):
                base = self._editor.create_base(request.json())
                tables = [_shown(table) for table in base.tables.values()]
                return _json({"id": base.id, "tables": tables})
            case "GET", ("bases", base_id):
                _only(request, "include")
                return _json(self._collaborators(self.base(base_id)))
            case "DELETE", ("bases", base_id):
                # Open to administrators of an enterprise only; others get this (observed in June 2026).
                self.base(base_id)
                raise errors.not_permitted()
            case "GET", ("bases", base_id, "tables"):
                return self._schema(request, self.base(base_id))
            case "POST", ("bases", base_id, "tables"):
                return _json(_shown(self._editor.create_table(self.base(base_id), request.json())))
            case "PATCH", ("bases", base_id, "tables", table_key):
                base, table = self._table(base_id, table_key)
                self._editor.update_table(base, table, request.json())
                return _json(_shown(table))
            case "POST", ("bases", base_id, "tables", table_key, "fields"):
                base, table = self._table(base_id, table_key)
                return _json(self._editor.create_field(base, table, request.json()).shown())
            case "PATCH", ("bases", base_id, "tables", table_key, "fields", field_key):
                base, table = self._table(base_id, table_key)
                field = table.find_field(field_key)
                if field is None:
                    raise errors.model_not_found()
                self._editor.update_field(base, table, field, request.json())
                return _json(field.shown())
        raise errors.route_not_found()

    def base(self, base_id: str) -> Base:
        """The base with this id; a malformed id is an unknown route."""
        if not is_id(base_id, "app"):
            raise errors.route_not_found()
        base = self._workspace.bases.get(base_id)
        if base is None:
            raise errors.model_not_found()
        return base

    def _table(self, base_id: str, key: str) -> tuple[Base, Table]:
        base = self.base(base_id)
        table = base.find_table(key)
        if table is None:
            raise errors.model_not_found()
        return base, table

    def _bases(self, request: ApiRequest) -> Answer:
        listed = list(self._workspace.bases.values())
        offset = request.query.text("offset")
        start = 0
        if offset is not None:
            ids = [base.id for base in listed]
            after = offset.rpartition("/")[2]
            if after not in ids:
                raise errors.dead_iterator()
            start = ids.index(after)
        page = listed[start : start + BASES_PER_PAGE]
        answer: JsonObject = {
            "bases": [
                {"id": base.id, "name": base.name, "permissionLevel": "create"} for base in page
            ]
        }
        if start + BASES_PER_PAGE < len(listed):
            answer["offset"] = f"itr{'0' * 14}/{listed[start + BASES_PER_PAGE].id}"
        return _json(answer)

    def _schema(self, request: ApiRequest, base: Base) -> Answer:
        _only(request, "include")
        included = request.query.texts("include")
        if any(name != "visibleFieldIds" for name in included):
            raise errors.invalid_request()
        tables = [table.shown(with_visible_fields=bool(included)) for table in base.tables.values()]
        return _json({"tables": tables})

    def _collaborators(self, base: Base) -> JsonObject:
        people = [
            {
                "userId": user.id,
                "email": user.email,
                "permissionLevel": "owner" if user == self._workspace.owner else "edit",
                "grantedByUserId": self._workspace.owner.id,
                "createdTime": base.created_time,
            }
            for user in self._workspace.users.values()
        ]
        return {
            "id": base.id,
            "name": base.name,
            "permissionLevel": "create",
            "createdTime": base.created_time,
            "workspaceId": base.workspace_id,
            "individualCollaborators": {"baseCollaborators": people, "workspaceCollaborators": []},
            "groupCollaborators": {"baseCollaborators": [], "workspaceCollaborators": []},
            "inviteLinks": {"baseInviteLinks": [], "workspaceInviteLinks": []},
            "interfaces": {},
        }


def _only(request: ApiRequest, *names: str) -> None:
    # Meta routes refuse parameters they do not know (observed in June 2026 for pageSize).
    if not request.query.names.issubset(names):
        raise errors.invalid_request()


def _shown(table: Table) -> JsonObject:
    return table.shown(with_visible_fields=True)


def _json(value: JsonObject) -> Answer:
    return Answer(dumps(value))
