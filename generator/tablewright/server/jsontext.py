"""JSON as the server reads and writes it: compact, UTF-8, and never with a half surrogate or NaN."""

import json
from typing import Any, TypeAlias

from pydantic_core import SchemaSerializer, core_schema, from_json

Json: TypeAlias = Any
"""Any JSON value, its form not known yet."""
JsonObject: TypeAlias = dict[str, Any]

# Reading and writing JSON is a third of the work of a write: pydantic's does it in a third of the standard library's time.
_write = SchemaSerializer(core_schema.any_schema()).to_json


def dumps(value: Json) -> str:
    """The shortest JSON text of a value, which holds no circle; a number that JSON does not have becomes null."""
    return _write(value).decode()


def loads(body: bytes) -> Json:
    """The value of *body*.

    Half surrogates, which neither UTF-8 nor SQLite can hold, become U+FFFD.

    Raises:
        ValueError: *body* is not JSON (`NaN` and `Infinity` are not JSON either), or nested too deeply.
    """
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError:
        if b"\\ud" not in body and b"\\uD" not in body:
            raise
    try:
        return _whole_text(_LENIENT.decode(body.decode()))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_LENIENT = json.JSONDecoder(parse_constant=_refuse_constant)
"""Takes the half surrogates that JavaScript can write."""


def _whole_text(value: Json) -> Json:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole_text(item) for item in value]
    if isinstance(value, dict):
        return {_whole_text(key): _whole_text(item) for key, item in value.items()}
    return value
