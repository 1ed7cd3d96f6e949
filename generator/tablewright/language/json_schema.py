"""The schema language as a JSON Schema: what editors need for completion and for texts under the pointer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tablewright import airtable
from tablewright.check.compile import FIELD_NAMES, LANGUAGE_VERSION
from tablewright.check.durations import WITH_UNIT
from tablewright.check.findings import CODES, WARNINGS
from tablewright.check.mixins import MIXIN_SECTIONS
from tablewright.check.relations import DELETE_RULES
from tablewright.kinds import COMMON_KEYS, KINDS, RESULTS, WRITTEN_KINDS, Kind, Option
from tablewright.language.words import KEYS, TYPES
from tablewright.model.computation import ROLLUPS

_Json = dict[str, Any]
DIALECT: Final = "http://json-schema.org/draft-07/schema#"
"""Draft 7 is what the YAML extensions of editors understand best."""

_NAME: Final = r"^[^\W\d_]\w*$"
_TEXT: Final[_Json] = {"type": ["string", "number", "boolean", "null"]}
"""A word as YAML reads it: `label: 5` and `label: no` are texts to the language."""
_WORDS: Final[_Json] = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
_STRINGS: Final[_Json] = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
}
_EXPRESSION: Final[_Json] = {"type": ["string", "number", "boolean", "null"]}
_BOOLEAN: Final[_Json] = {"type": "boolean"}
_DURATION: Final[_Json] = {
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0},
        {"type": "string", "pattern": rf"^\s*{WITH_UNIT}\s*$"},
    ]
}
_DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_BOUNDS: Final[dict[str, _Json]] = {
    "integer": {"type": "number"},
    "number": {"type": "number"},
    "duration": {
        "anyOf": [{"type": "number"}, {"type": "string", "pattern": rf"^\s*-?{WITH_UNIT}\s*$"}]
    },
    "date": {"type": "string", "pattern": f"^{_DAY}$"},
    "datetime": {"type": "string", "pattern": rf"^{_DAY}[T ].*(Z|[+-]\d\d:?\d\d)$"},
}
"""What `min` and `max` take, by what a field holds."""
_TYPE: Final[_Json] = {
    "anyOf": [
        {
            "type": "string",
            "enum": list(WRITTEN_KINDS),
            "markdownEnumDescriptions": [TYPES[kind] for kind in WRITTEN_KINDS],
        },
        {"type": "string", "pattern": _NAME, "description": "The name of an enum."},
        {
            "type": "array",
            "items": {"type": "string", "pattern": _NAME},
            "minItems": 1,
            "maxItems": 1,
            "description": "The name of an enum, for several choices.",
        },
    ]
}
_SILENCE: Final[_Json] = {
    "anyOf": [
        {"enum": sorted(WARNINGS)},
        {
            "type": "array",
            "items": {
                "enum": sorted(WARNINGS),
                "markdownEnumDescriptions": [CODES[code] for code in sorted(WARNINGS)],
            },
        },
    ]
}


def language_json_schema() -> _Json:
    """Return a JSON Schema of schema files, with a description for every key and type."""
    return {
        "$schema": DIALECT,
        "title": "tablewright schema",
        "description": "Tables, their fields and what happens to their records.",
        **_mapping(
            "schema",
            {
                "tablewright": {"const": LANGUAGE_VERSION},
                "name": {"type": "string", "pattern": r"^[^\W\d_A-Z][^\WA-Z]*$"},
                "include": _STRINGS,
                "field_names": {"enum": list(FIELD_NAMES)},
                "enums": _named("enum"),
                "mixins": _named("mixin"),
                "tables": {**_named("table"), "minProperties": 1},
                "unmanaged": _WORDS,
                "silence": _SILENCE,
            },
        ),
        # A file without a name is there to be included.
        "dependencies": {"name": ["tablewright", "tables"]},
        "definitions": {
            "enum": _enum(),
            "mixin": _mapping("mixin", _sections()),
            "table": _table(),
            "field": _field(),
            "relation": _relation(),
            "computed": _computed(),
            "lifecycle": _lifecycle(),
            "transition": _transition(),
            "argument": _argument(),
            "query": _query(),
            "statistics": _statistics(),
            "queue": _queue(),
        },
    }


def _mapping(section: str, properties: Mapping[str, _Json], required: list[str] | None = None) -> _Json:  # fmt: skip
    """Return a mapping that has the keys of a section; those not in *properties* hold a text."""
    shown = {
        key: {**properties.get(key, _TEXT), "description": meaning}
        for key, meaning in KEYS[section].items()
    }
    found: _Json = {"type": "object", "additionalProperties": False, "properties": shown}
    return found | ({"required": required} if required else {})


def _reference(definition: str) -> _Json:
    return {"$ref": f"#/definitions/{definition}"}


def _named(definition: str) -> _Json:
    """Return a mapping of names to things of one kind."""
    return {"type": "object", "additionalProperties": _reference(definition)}


def _sections() -> dict[str, _Json]:
    found = {
        "fields": _named("field"),
        "relations": _named("relation"),
        "computed": _named("computed"),
        "queries": _named("query"),
        "statistics": _named("statistics"),
    }
    return {section: found[section] for section in MIXIN_SECTIONS} | {"silence": _SILENCE}


def _enum() -> _Json:
    details = _mapping(
        "value",
        {
            "label": _TEXT,
            "color": {"enum": list(airtable.CHOICE_COLORS)},
            "description": _TEXT,
            "was": _WORDS,
        },
    )
    listed = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    mapped = {"type": "object", "minProperties": 1, "additionalProperties": {"anyOf": [_TEXT, details]}}  # fmt: skip
    values = {"anyOf": [listed, mapped]}
    properties: dict[str, _Json] = {
        "values": values,
        "ordered": _BOOLEAN,
        "was": _WORDS,
        "silence": _SILENCE,
    }
    return {"anyOf": [listed, _mapping("enum", properties, ["values"])]}


def _table() -> _Json:
    properties = _sections() | {
        "use": _WORDS,
        "lifecycle": _reference("lifecycle"),
        "queue": _reference("queue"),
        "mixin": {"type": "string", "pattern": r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$"},
        "was": _WORDS,
        "unmanaged": _WORDS,
    }
    needed = [{"required": ["fields"]}, {"required": ["use"]}]
    return {**_mapping("table", properties), "anyOf": needed}


def _field() -> _Json:
    properties: dict[str, _Json] = {
        "type": _TYPE,
        "required": _BOOLEAN,
        "unique": _BOOLEAN,
        "index": _BOOLEAN,
        "was": _WORDS,
        "min": {"type": ["number", "string"]},
        "max": {"type": ["number", "string"]},
        "min_length": {"type": "integer", "minimum": 0},
        "max_length": {"type": "integer", "minimum": 1, "maximum": airtable.MAX_TEXT_LENGTH},
    }
    by_kind = [_of_kind(KINDS[name]) for name in WRITTEN_KINDS]
    enum_keys = [key for key in KEYS["field"] if key in COMMON_KEYS]
    of_enum = {
        "if": {
            "properties": {"type": {"not": {"enum": list(WRITTEN_KINDS)}}},
            "required": ["type"],
        },
        "then": {"propertyNames": {"enum": enum_keys}},
    }
    details = {**_mapping("field", properties, ["type"]), "allOf": [*by_kind, of_enum]}
    return {"anyOf": [_TYPE, details]}


def _of_kind(kind: Kind) -> _Json:
    """Return what follows from a field's type: which keys it has, and what its options take."""
    keys = [*COMMON_KEYS, *sorted(kind.bounds), *(option.key for option in kind.options)]
    if kind.computed:
        keys = [key for key in keys if key not in ("required", "default", "unique", "index")]
    then: _Json = {"propertyNames": {"enum": list(dict.fromkeys(keys))}}
    properties = _range(kind) | {option.key: _option(option) for option in kind.options}
    if properties:
        then["properties"] = properties
    needed = [option.key for option in kind.options if option.required]
    if needed:
        then["required"] = needed
    return _where_type_is(kind, then)


def _where_type_is(kind: Kind, then: _Json) -> _Json:
    return {
        "if": {"properties": {"type": {"const": kind.name}}, "required": ["type"]},
        "then": then,
    }


def _range(kind: Kind) -> dict[str, _Json]:
    """Return what the least and the greatest value of a type can be."""
    return {key: _BOUNDS[kind.value.kind] for key in ("min", "max") if key in kind.bounds}


def _option(option: Option) -> _Json:
    found: _Json = {"description": KEYS["field"][option.key]}
    if option.takes == "integer":
        found |= {"type": "integer", "minimum": option.least, "maximum": option.most}
    elif option.takes == "word":
        found["enum"] = list(option.words)
    elif option.takes == "result":
        found["enum"] = list(RESULTS)
    elif option.takes == "function":
        found["enum"] = list(ROLLUPS)
    elif option.takes == "expression":
        found |= _EXPRESSION
    if option.default is not None:
        found["default"] = option.default
    return found


def _relation() -> _Json:
    add = {"anyOf": [{"type": "string"}, _mapping("add", {"inherit": _WORDS}, ["method"])]}
    properties: dict[str, _Json] = {
        "many": _BOOLEAN,
        "required": _BOOLEAN,
        "acyclic": _BOOLEAN,
        "on_delete": {"enum": list(DELETE_RULES)},
        "add": add,
        "was": _WORDS,
        "inverse_was": _WORDS,
    }
    return _mapping("relation", properties, ["to"])


def _computed() -> _Json:
    return {"anyOf": [_EXPRESSION, _mapping("computed", {"value": _EXPRESSION, "was": _WORDS}, ["value"])]}  # fmt: skip


def _lifecycle() -> _Json:
    properties: dict[str, _Json] = {
        "final": _WORDS,
        "history": _BOOLEAN,
        "transitions": _named("transition"),
        "silence": _SILENCE,
    }
    return _mapping("lifecycle", properties, ["field", "transitions"])


def _transition() -> _Json:
    properties: dict[str, _Json] = {
        "from": _WORDS,
        "takes": _named("argument"),
        "when": _EXPRESSION,
        "set": {
            "type": "object",
            "additionalProperties": {
                "anyOf": [_EXPRESSION, {"type": "array", "items": {"type": "string"}}]
            },
        },
    }
    return _mapping("transition", properties, ["from", "to"])


def _argument() -> _Json:
    properties: dict[str, _Json] = {
        "type": _TYPE,
        "required": _BOOLEAN,
        "min": {"type": ["number", "string"]},
        "max": {"type": ["number", "string"]},
        "min_length": {"type": "integer", "minimum": 0},
        "max_length": {"type": "integer", "minimum": 1},
    }
    ranged = [
        _where_type_is(one, {"properties": _range(one)}) for one in KINDS.values() if _range(one)
    ]
    return {"anyOf": [_TYPE, {**_mapping("argument", properties, ["type"]), "allOf": ranged}]}


def _query() -> _Json:
    own: dict[str, _Json] = {"limit": {"type": "integer", "minimum": 1}, "order_by": _WORDS}
    return _mapping("query", _conditions() | own)


def _statistics() -> _Json:
    measures = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"type": "string"},
    }
    return _mapping("statistics", _conditions() | {"measures": measures}, ["measures"])


def _conditions() -> dict[str, _Json]:
    return {"takes": _named("argument"), "where": _EXPRESSION, "filter_by": _WORDS}


def _queue() -> _Json:
    retry = _mapping(
        "retry",
        {
            "first": _DURATION,
            "most": _DURATION,
            "factor": {"type": "number", "minimum": 1},
            "jitter": {"type": "number", "minimum": 0, "maximum": 1},
        },
        ["with"],
    )
    properties = {"retry": retry, "order_by": _WORDS, "lease": _DURATION, "timeout": _DURATION}
    return _mapping("queue", properties, ["take", "done", "fail"])
