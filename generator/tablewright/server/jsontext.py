"""JSON as the server reads and writes it: compact, UTF-8, and never with a half surrogate or NaN."""

import json
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""Any JSON value, its form not known yet."""
JsonObject: TypeAlias = dict[str, Any]

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
# The encoder that `JSONEncoder.encode` makes anew for every call, which costs as much as a small record's text.
# Without C (PyPy) there is none.
_make = getattr(json.encoder, "c_make_encoder", None)
_encode = _make and _make(
    None, _ENCODER.default, json.encoder.encode_basestring, None, ":", ",", False, False, False
)


def dumps(value: Json) -> str:
    """The shortest JSON text of a value, which holds no circle.

    Raises:
        ValueError: a number that JSON does not have.
    """
    return "".join(_encode(value, 0)) if _encode else _ENCODER.encode(value)


def loads(body: bytes) -> Json:
    """The value of *body*.

    Half surrogates, which neither UTF-8 nor SQLite can hold, become U+FFFD.

    Raises:
        ValueError: *body* is not JSON (`NaN` and `Infinity` are not JSON either).
    """
    try:
        value = _DECODER.decode(body.decode())
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return _whole_text(value) if b"\\ud" in body or b"\\uD" in body else value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _whole_text(value: Json) -> Json:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole_text(item) for item in value]
    if isinstance(value, dict):
        return {_whole_text(key): _whole_text(item) for key, item in value.items()}
    return value
