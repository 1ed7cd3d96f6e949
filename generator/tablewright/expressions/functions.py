"""The functions and measures of the expression language: names, signatures and what they give, as one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from tablewright.expressions.types import ValueKind

Blanks = Literal["propagate", "false", "first"]
"""What blank arguments do: the result is blank; the result is false; blanks are passed over."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to call a function. *optional* parameters come last; *repeat* allows more of the last one.

    The parameter kind "any" takes everything, "number" takes integers too. The result kind "same" is the common type
    of the arguments.
    """

    parameters: tuple[ValueKind | Literal["any"], ...]
    result: ValueKind | Literal["same"]
    optional: int = 0
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language, with the sentence that the language reference prints."""

    name: str
    signatures: tuple[Signature, ...]
    meaning: str
    blanks: Blanks = "propagate"


def _one(*parameters: ValueKind | Literal["any"], result: ValueKind) -> tuple[Signature, ...]:
    return (Signature(parameters, result),)


def _span(unit: str) -> Function:
    return Function(
        unit,
        (Signature(("number",), "duration"), Signature(("duration",), "number")),
        f"A duration of so many {unit}; of a duration, its length in {unit}.",
    )


def _part(name: str, meaning: str) -> Function:
    return Function(
        name, (Signature(("datetime",), "integer"), Signature(("date",), "integer")), meaning
    )


FUNCTIONS: Final = {
    function.name: function
    for function in (
        Function("now", (Signature((), "datetime"),), "The current moment, in UTC."),
        Function("today", (Signature((), "date"),), "The current date, in UTC."),
        _span("seconds"),
        _span("minutes"),
        _span("hours"),
        _span("days"),
        _span("weeks"),
        Function("date", _one("datetime", result="date"), "The date of a moment, in UTC."),
        _part("year", "The year, such as 2026."),
        _part("month", "The month, 1 to 12."),
        _part("day", "The day of the month, 1 to 31."),
        _part("weekday", "The day of the week: Monday is 0, Sunday is 6."),
        Function("hour", _one("datetime", result="integer"), "The hour of a moment in UTC, 0 to 23."),
        Function("lower", _one("text", result="text"), "The text in small letters."),
        Function("upper", _one("text", result="text"), "The text in capital letters."),
        Function("strip", _one("text", result="text"), "The text without spaces at its ends."),
        Function(
            "contains",
            _one("text", "text", result="boolean"),
            "Whether the first text contains the second; capitals count.",
            blanks="false",
        ),
        Function(
            "startswith",
            _one("text", "text", result="boolean"),
            "Whether the first text begins with the second; capitals count.",
            blanks="false",
        ),
        Function(
            "endswith",
            _one("text", "text", result="boolean"),
            "Whether the first text ends with the second; capitals count.",
            blanks="false",
        ),
        Function(
            "len",
            (Signature(("text",), "integer"), Signature(("list",), "integer")),
            "The number of characters of a text, or of values of a list.",
        ),
        Function(
            "round",
            (Signature(("number", "integer"), "number", optional=1),),
            "The number rounded to so many decimal places (0 unless given), halves away from zero.",
        ),
        Function("floor", _one("number", result="integer"), "The largest integer that is not above the number."),
        Function("ceil", _one("number", result="integer"), "The smallest integer that is not below the number."),
        Function(
            "abs",
            (
                Signature(("integer",), "integer"),
                Signature(("number",), "number"),
                Signature(("duration",), "duration"),
            ),
            "The number or duration without its sign.",
        ),
        Function("min", (Signature(("any", "any"), "same", repeat=True),), "The smallest of the values."),
        Function("max", (Signature(("any", "any"), "same", repeat=True),), "The largest of the values."),
        Function(
            "coalesce",
            (Signature(("any", "any"), "same", repeat=True),),
            "The first value that is not blank.",
            blanks="first",
        ),
    )
}  # fmt: skip

ORDERED_KINDS: Final = frozenset(
    {"integer", "number", "text", "datetime", "date", "duration", "enum"}
)
"""Kinds that `<`, `min` and `max` take; an enum only where it is declared `ordered`."""

QUANTIFIERS: Final = {
    "any": "Whether the condition holds for at least one linked record.",
    "all": "Whether the condition holds for every linked record; true where there is none.",
    "len": "How many linked records there are: `len(subtasks)`, or `len(task for task in subtasks if …)`.",
    "sum": "The sum over the linked records, blanks left out; 0 where there is none.",
    "min": "The smallest value among the linked records; blank where there is none.",
    "max": "The largest value among the linked records; blank where there is none.",
}

MEASURES: Final = {
    "count": "How many records there are; with a condition, how many meet it.",
    "count_by": "How many records there are for each value of a field, blanks left out.",
    "count_distinct": "How many different values there are, blanks left out.",
    "sum": "The sum, blanks left out; 0 where there is none.",
    "avg": "The mean, blanks left out; blank where there is none.",
    "min": "The smallest value; blank where there is none.",
    "max": "The largest value; blank where there is none.",
    "median": "The value in the middle, as `percentile(x, 50)`.",
    "percentile": "The value below which so many percent lie, interpolated between neighbours; blank where there is none.",
    "ratio": "How many records meet the first condition, as a share of those that meet the second; blank where there is none.",
}

FUNCTIONS_ELSEWHERE: Final = {
    **dict.fromkeys(("length", "size", "char_length"), "len"),
    **dict.fromkeys(("trim", "btrim"), "strip"),
    **dict.fromkeys(("ifnull", "nvl", "isnull", "fillna", "ifblank"), "coalesce"),
    **dict.fromkeys(("lcase", "tolower", "to_lower", "lowercase"), "lower"),
    **dict.fromkeys(("ucase", "toupper", "to_upper", "uppercase"), "upper"),
    **dict.fromkeys(("current_date", "curdate"), "today"),
    **dict.fromkeys(("current_timestamp", "utcnow", "getdate", "sysdate"), "now"),
    **dict.fromkeys(("includes", "like", "instr"), "contains"),
    "starts_with": "startswith",
    "ends_with": "endswith",
    "ceiling": "ceil",
    "least": "min",
    "greatest": "max",
    "to_date": "date",
    "some": "any",
    "every": "all",
}
"""What SQL, pandas and formulas call the functions of this language."""

MEASURES_ELSEWHERE: Final = {
    **dict.fromkeys(("average", "mean"), "avg"),
    **dict.fromkeys(("size", "len", "length", "count_if", "countif", "rows"), "count"),
    **dict.fromkeys(("nunique", "distinct", "countunique", "count_unique", "unique"), "count_distinct"),
    **dict.fromkeys(("value_counts", "group_by", "groupby", "countby"), "count_by"),
    **dict.fromkeys(("total", "sumif"), "sum"),
    **dict.fromkeys(("quantile", "percentile_cont", "percentile_disc", "p50", "p90", "p95", "p99"), "percentile"),
    **dict.fromkeys(("share", "rate", "proportion"), "ratio"),
    **dict.fromkeys(("minimum", "least"), "min"),
    **dict.fromkeys(("maximum", "greatest"), "max"),
}  # fmt: skip
"""What SQL, pandas and formulas call the measures of this language."""


def takes_arguments(name: str) -> bool:
    """Tell whether there is a way to call a function with something inside its brackets."""
    function = FUNCTIONS.get(name)
    return function is None or any(one.parameters for one in function.signatures)
