"""Webhooks without the calls out: registered, and fed with a payload for every write that their filters let through.

Notifications are not sent: a server on loopback has nobody to call. Payloads wait to be fetched, as with a webhook
that has no notification URL. Only changes of records make payloads; filters by data type and table are honoured,
finer ones are not.
"""

import base64
import os
from datetime import datetime, timedelta
from typing import Final

from tablewright.server import clock, errors
from tablewright.server.ids import is_id, new_id
from tablewright.server.jsontext import Json, JsonObject
from tablewright.server.request import ApiRequest
from tablewright.server.schema import Base
from tablewright.server.transaction import Transaction
from tablewright.server.workspace import TRANSACTIONS, Workspace

LIFE_DAYS: Final = 7
PAYLOADS_PER_PAGE: Final = 50
DATA_TYPES: Final = ("tableData", "tableFields", "tableMetadata")


class Webhooks:
    """The webhooks of all bases; listens to every transaction."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: dict[str, list[JsonObject]] = {}

    def answer(self, request: ApiRequest, base: Base) -> Json:
        """The answer to a request for `/v0/bases/{base}/webhooks…`; *base* is the one named."""
        match request.method, request.segments[3:]:
            case "GET", ():
                return {"webhooks": self._of(base)}
            case "POST", ():
                return self._create(base, request.json())
            case "DELETE", (hook_id,):
                hook = self._find(base, hook_id)
                storage = self._workspace.storage
                with storage.transaction():
                    storage.delete_webhook(hook["id"])
                self._of(base).remove(hook)
                return {}
            case "POST", (hook_id, "refresh"):
                hook = self._find(base, hook_id)
                return {"expirationTime": self._prolong(base, hook)}
            case "POST", (hook_id, "enableNotifications"):
                hook = self._find(base, hook_id)
                enable = request.json().get("enable")
                if not isinstance(enable, bool):
                    raise errors.invalid_request()
                self._change(base, {**hook, "areNotificationsEnabled": enable})
                return {}
            case "GET", (hook_id, "payloads"):
                hook = self._find(base, hook_id)
                return self._payloads(base, hook, request)
        raise errors.route_not_found()

    def _of(self, base: Base) -> list[JsonObject]:
        if base.id not in self._known:
            self._known[base.id] = self._workspace.storage.webhooks(base.id)
        return self._known[base.id]

    def _find(self, base: Base, hook_id: str) -> JsonObject:
        if not is_id(hook_id, "ach"):
            raise errors.route_not_found()
        for hook in self._of(base):
            if hook["id"] == hook_id:
                return hook
        raise errors.object_not_found("Webhook")

    def _create(self, base: Base, body: JsonObject) -> JsonObject:
        specification, url = body.get("specification"), body.get("notificationUrl")
        if not isinstance(specification, dict) or not (url is None or isinstance(url, str)):
            raise errors.invalid_request()
        filters = _filters(specification)
        wanted = filters.get("dataTypes")
        if not isinstance(wanted, list) or not wanted or any(d not in DATA_TYPES for d in wanted):
            raise errors.invalid_request()
        hook = {
            "id": new_id("ach"),
            "specification": specification,
            "notificationUrl": url,
            "cursorForNextPayload": 1,
            "isHookEnabled": True,
            "areNotificationsEnabled": True,
            "expirationTime": _expiry(self._workspace.now()),
            "lastSuccessfulNotificationTime": None,
            "lastNotificationResult": None,
        }
        self._change(base, hook)
        secret = base64.b64encode(os.urandom(32)).decode()
        return {
            "id": hook["id"],
            "macSecretBase64": secret,
            "expirationTime": hook["expirationTime"],
        }

    def _prolong(self, base: Base, hook: JsonObject) -> str:
        expiry = _expiry(self._workspace.now())
        self._change(base, {**hook, "expirationTime": expiry})
        return expiry

    def _change(self, base: Base, hook: JsonObject) -> None:
        with self._workspace.storage.transaction():
            self._save(base, hook)

    def _save(self, base: Base, hook: JsonObject) -> None:
        """Put *hook* into the file, inside a transaction. The next look reads it there, where a failed one left none."""
        self._workspace.storage.save_webhook(base.id, hook)
        self._known.pop(base.id, None)

    def _payloads(self, base: Base, hook: JsonObject, request: ApiRequest) -> JsonObject:
        cursor = request.query.whole("cursor") or 1
        limit = min(request.query.whole("limit") or PAYLOADS_PER_PAGE, PAYLOADS_PER_PAGE)
        payloads = self._workspace.storage.payloads(hook["id"], cursor, limit)
        self._prolong(base, hook)
        following = cursor + len(payloads)
        return {
            "payloads": payloads,
            "cursor": following,
            "mightHaveMore": following < hook["cursorForNextPayload"],
        }

    def before_commit(self, transaction: Transaction) -> None:
        """Append a payload for this write to every webhook it concerns."""
        base = transaction.base
        hooks = self._of(base)
        if not hooks:
            return
        for hook in hooks:
            filters = _filters(hook["specification"])
            changed = _changed_tables(transaction, with_previous=_wants_previous(hook))
            scope = filters.get("recordChangeScope")
            concerned = {key: value for key, value in changed.items() if scope in (None, key)}
            if not concerned or "tableData" not in filters["dataTypes"]:
                continue
            cursor = hook["cursorForNextPayload"]
            payload = {
                "timestamp": clock.millisecond(transaction.now),
                "baseTransactionNumber": base.transactions,
                "payloadFormat": "v0",
                "actionMetadata": {
                    "source": "publicApi",
                    "sourceMetadata": {
                        "user": {**transaction.user.shown(), "permissionLevel": "create"}
                    },
                },
                "changedTablesById": concerned,
            }
            self._workspace.storage.add_payload(hook["id"], cursor, payload)
            self._save(base, {**hook, "cursorForNextPayload": cursor + 1})
        self._workspace.storage.save_setting(TRANSACTIONS + base.id, str(base.transactions))


def _filters(specification: JsonObject) -> JsonObject:
    options = specification.get("options")
    filters = options.get("filters") if isinstance(options, dict) else None
    return filters if isinstance(filters, dict) else {}


def _expiry(moment: datetime) -> str:
    return clock.millisecond(moment + timedelta(days=LIFE_DAYS))


def _wants_previous(hook: JsonObject) -> bool:
    includes = hook["specification"]["options"].get("includes")
    return isinstance(includes, dict) and includes.get("includePreviousCellValues") is True


def _changed_tables(transaction: Transaction, *, with_previous: bool) -> dict[str, JsonObject]:
    """What a write did to each table. Cells have the form of the record end points (the service's differs for
    selects and links)."""
    found: dict[str, JsonObject] = {}
    for row in transaction.created.values():
        created = {"createdTime": row.created_time, "cellValuesByFieldId": row.cells}
        found.setdefault(row.table_id, {}).setdefault("createdRecordsById", {})[row.id] = created
    for row, before in transaction.before.values():
        if row.id in transaction.deleted:
            continue
        keys = [key for key in {**before, **row.cells} if before.get(key) != row.cells.get(key)]
        record: JsonObject = {
            "current": {"cellValuesByFieldId": {key: row.cells.get(key) for key in keys}}
        }
        if with_previous:
            record["previous"] = {"cellValuesByFieldId": {key: before.get(key) for key in keys}}
        found.setdefault(row.table_id, {}).setdefault("changedRecordsById", {})[row.id] = record
    for row in transaction.deleted.values():
        found.setdefault(row.table_id, {}).setdefault("destroyedRecordIds", []).append(row.id)
    return found
