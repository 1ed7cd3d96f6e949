"""Query strings and bodies → the parameters of a call.

Clients write arrays as `name[]=`, `name[0]=` or a bare name repeated, sorts as `sort[0][field]=`, booleans as
`1 0 true false`, and leave parameters empty that they do not mean.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from tablewright.airtable import RECORDS_PER_PAGE
from tablewright.server import errors
from tablewright.server.jsontext import Json, JsonObject

_INDEXED = re.compile(r"(\w+)\[([0-9]{0,9})\](?:\[(\w+)\])?")


class Query:
    """The parameters behind the question mark. Empty ones count as absent."""

    def __init__(self, query_string: bytes) -> None:
        self._values: dict[str, list[str]] = {}
        self._parts: dict[str, dict[int, dict[str, str]]] = {}
        for name, value in parse_qsl(query_string.decode("utf-8", "replace")):
            found = _INDEXED.fullmatch(name) if "[" in name else None
            if found is None:
                self._values.setdefault(name, []).append(value)
            elif found.group(3) is None:
                self._values.setdefault(found.group(1), []).append(value)
            else:
                array, position, key = found.group(1), int(found.group(2) or 0), found.group(3)
                self._parts.setdefault(array, {}).setdefault(position, {})[key] = value

    @property
    def names(self) -> set[str]:
        return {*self._values, *self._parts}

    def text(self, name: str) -> str | None:
        found = self._values.get(name)
        return found[-1] if found else None

    def texts(self, name: str) -> list[str]:
        return self._values.get(name, [])

    def objects(self, name: str) -> list[dict[str, str]]:
        """The array of objects `name[0][key]=…`, by position."""
        found = self._parts.get(name, {})
        return [found[position] for position in sorted(found)]

    def flag(self, name: str) -> bool:
        value = self.text(name)
        if value in (None, "0", "false"):
            return False
        if value in ("1", "true"):
            return True
        raise errors.invalid_request()

    def whole(self, name: str) -> int | None:
        value = self.text(name)
        if value is None:
            return None
        if not value.isascii() or not value.isdigit() or len(value) > 9:
            raise errors.invalid_request()
        return int(value)


NO_QUERY = Query(b"")


@dataclass(frozen=True, slots=True)
class Shape:
    """How records are to look in an answer."""

    by_field_id: bool = False
    as_text: bool = False
    time_zone: str = "utc"
    locale: str = "en"
    with_comment_count: bool = False
    links_as_objects: bool = False
    """Link cells as `[{"id": …}]`, as date dependency metadata wants them."""
    only: tuple[str, ...] | None = None
    """Field keys as given; None for all."""

    @property
    def is_default(self) -> bool:
        return self is DEFAULT_SHAPE or self == DEFAULT_SHAPE


DEFAULT_SHAPE = Shape()


@dataclass(frozen=True, slots=True)
class ListRequest:
    """The parameters of a list call."""

    shape: Shape
    formula: str | None = None
    view: str | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    """Field key and whether descending."""
    max_records: int | None = None
    page_size: int = RECORDS_PER_PAGE
    offset: str | None = None


def list_request_of_query(query: Query) -> ListRequest:
    """The parameters of `GET …/{table}`. `limit` is an old name of `pageSize` that clients still send."""
    page_size = query.whole("pageSize")
    return ListRequest(
        shape=_shape(
            by_field_id=query.flag("returnFieldsByFieldId"),
            cell_format=query.text("cellFormat"),
            query=query,
            metadata=query.texts("recordMetadata"),
            links_as_objects=query.flag("includeDateDependencyMetadata"),
            only=query.texts("fields") or None,
        ),
        formula=query.text("filterByFormula"),
        view=query.text("view"),
        sort=_sort(query.objects("sort")),
        max_records=_positive(query.whole("maxRecords")),
        page_size=_page_size(query.whole("limit") if page_size is None else page_size),
        offset=query.text("offset"),
    )


def list_request_of_body(body: JsonObject, query: Query) -> ListRequest:
    """The parameters of `POST …/listRecords`. Time zone and locale come by query only; unknown keys are ignored."""
    sort = body.get("sort") or []
    only = body.get("fields")
    if not isinstance(sort, list) or not (only is None or _is_text_list(only)):
        raise errors.invalid_request()
    metadata = body.get("recordMetadata") or []
    if not _is_text_list(metadata):
        raise errors.invalid_request()
    return ListRequest(
        shape=_shape(
            by_field_id=_flag(body.get("returnFieldsByFieldId")),
            cell_format=_optional_text(body.get("cellFormat")),
            query=query,
            metadata=metadata,
            links_as_objects=_flag(body.get("includeDateDependencyMetadata")),
            only=only or None,
        ),
        formula=_optional_text(body.get("filterByFormula")),
        view=_optional_text(body.get("view")),
        sort=_sort(sort),
        max_records=_positive(_optional_whole(body.get("maxRecords"))),
        page_size=_page_size(_optional_whole(body.get("pageSize"))),
        offset=_optional_text(body.get("offset")),
    )


def record_shape(query: Query) -> Shape:
    """The parameters of a get by id. `fields` is refused here (observed in 2026)."""
    if query.texts("fields"):
        raise errors.invalid_request()
    return _shape(
        by_field_id=query.flag("returnFieldsByFieldId"),
        cell_format=query.text("cellFormat"),
        query=query,
        metadata=[],
        links_as_objects=False,
        only=None,
    )


def write_shape(body: JsonObject) -> Shape:
    """How the answer of a write looks."""
    return Shape(by_field_id=True) if _flag(body.get("returnFieldsByFieldId")) else DEFAULT_SHAPE


def flag_of_body(body: JsonObject, name: str) -> bool:
    """A boolean of a body; absent is false."""
    return _flag(body.get(name))


def _shape(
    *,
    by_field_id: bool,
    cell_format: str | None,
    query: Query,
    metadata: list[str],
    links_as_objects: bool,
    only: list[str] | None,
) -> Shape:
    if cell_format not in (None, "json", "string"):
        raise errors.invalid_request()
    as_text = cell_format == "string"
    zone, locale = query.text("timeZone"), query.text("userLocale")
    if as_text and (zone is None or locale is None):
        # Both are required with cellFormat=string; the text of the refusal is unconfirmed.
        raise errors.invalid_request()
    if any(name != "commentCount" for name in metadata):
        raise errors.invalid_request()
    return Shape(
        by_field_id=by_field_id,
        as_text=as_text,
        # Without cellFormat=string both are accepted and change nothing.
        time_zone=zone or "utc" if as_text else "utc",
        locale=locale or "en" if as_text else "en",
        with_comment_count=bool(metadata),
        links_as_objects=links_as_objects and not as_text,
        only=None if only is None else tuple(only),
    )


def _sort(given: list[Json]) -> tuple[tuple[str, bool], ...]:
    order = []
    for item in given:
        if not isinstance(item, dict) or not isinstance(item.get("field"), str):
            raise errors.invalid_request()
        direction = item.get("direction") or "asc"
        if direction not in ("asc", "desc"):
            raise errors.invalid_request()
        order.append((item["field"], direction == "desc"))
    return tuple(order)


def _page_size(given: int | None) -> int:
    """That more than 100 is refused rather than cut down to 100 is unconfirmed."""
    if given is None:
        return RECORDS_PER_PAGE
    if not 0 < given <= RECORDS_PER_PAGE:
        raise errors.invalid_request()
    return given


def _positive(given: int | None) -> int | None:
    if given is not None and given < 1:
        raise errors.invalid_request()
    return given


def _flag(value: Json) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    if value in (0, 1):
        return bool(value)
    raise errors.invalid_request()


def _optional_text(value: Json) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    raise errors.invalid_request()


def _optional_whole(value: Json) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise errors.invalid_request()
    return value


def _is_text_list(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
