"""Plain values → Python literals in the form that black gives them."""

from __future__ import annotations


def literal_text(value: str | float | bool | None) -> str:
    """Return the source of a plain value: texts in double quotes unless that takes more escapes, 1e16 without a plus."""
    if isinstance(value, str):
        return _quoted(value)
    return repr(value).replace("e+", "e") if isinstance(value, float) else repr(value)


def _quoted(text: str) -> str:
    shown = repr(text)
    doubles, singles = text.count('"'), text.count("'")
    if shown[0] == '"' or doubles > singles:
        return shown
    body = shown[1:-1].replace("\\'", "'") if singles else shown[1:-1]
    return '"' + body.replace('"', '\\"') + '"'
