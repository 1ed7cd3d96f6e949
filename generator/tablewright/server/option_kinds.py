"""The options of fields in an opened schema: what is of another kind than the service answers, with its place."""

from collections.abc import Callable, Iterator
from typing import Final

from tablewright.server.jsontext import Json

_MOST_PLACES: Final = 20
"""More decimal places than any field type has."""


def option_problems(here: str, options: Json) -> Iterator[str]:
    """What is wrong with the options at *here*. Null is always fine, and so are options nobody reads."""
    if options is None:
        return
    if not isinstance(options, dict):
        yield f"{here} is not an object"
        return
    for name, value in options.items():
        expected, words = _KINDS.get(name, _ANY)
        if value is not None and not expected(value):
            yield f"{here}.{name} is not {words}"
    result = options.get("result")
    if isinstance(result, dict):
        if not _is_text(result.get("type")):
            yield f"{here}.result.type is not a text"
        yield from option_problems(f"{here}.result.options", result.get("options"))


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


def _is_whole(value: Json) -> bool:
    return type(value) is int and 0 <= value <= _MOST_PLACES


def _is_format(value: Json) -> bool:
    return isinstance(value, dict) and _is_text(value.get("name")) and _is_text(value.get("format"))


def _is_texts(value: Json) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_choices(value: Json) -> bool:
    return isinstance(value, list) and all(
        isinstance(choice, dict) and _is_text(choice.get("name")) for choice in value
    )


def _is_object(value: Json) -> bool:
    return isinstance(value, dict)


_Kind = tuple[Callable[[Json], bool], str]
_ANY: Final[_Kind] = (lambda _: True, "")
_KINDS: Final[dict[str, _Kind]] = {
    **dict.fromkeys(
        (
            "symbol",
            "durationFormat",
            "timeZone",
            "formula",
            "linkedTableId",
            "inverseLinkFieldId",
            "recordLinkFieldId",
            "fieldIdInLinkedTable",
        ),
        (_is_text, "a text"),
    ),
    **dict.fromkeys(("precision", "max"), (_is_whole, f"a whole number up to {_MOST_PLACES}")),
    **dict.fromkeys(
        ("dateFormat", "timeFormat"), (_is_format, "an object with the texts name and format")
    ),
    "choices": (_is_choices, "a list of objects with the text name"),
    "referencedFieldIds": (_is_texts, "a list of ids"),
    "result": (_is_object, "an object"),
}
