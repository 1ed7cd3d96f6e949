"""Cells as text, for `cellFormat=string`. Airtable says not to depend on this form; the details are unconfirmed."""

import math
from datetime import UTC, datetime

from tablewright.server import dates
from tablewright.server.computed import Calculator
from tablewright.server.formula import ErrorValue, Value, to_text
from tablewright.server.formula.locales import locale_named
from tablewright.server.formula.moment import format_moment
from tablewright.server.formulas import shown_type
from tablewright.server.jsontext import Json, JsonObject
from tablewright.server.rows import Row
from tablewright.server.schema import Field, Table


class TextCells:
    """Cells of one request as text, in its time zone and language."""

    def __init__(self, calculator: Calculator, time_zone: str, locale: str) -> None:
        """*time_zone* is known to `dates.zone`."""
        self._calculator = calculator
        self._zone = dates.zone(time_zone) or UTC
        self._locale = locale_named(locale)

    def text(self, table: Table, field: Field, row: Row) -> str | None:
        """The text of a cell; None when it is blank."""
        value = self._calculator.value(table, field, row)
        if value is None:
            return None
        return self._of_value(shown_type(field), value) or None

    def _of_value(self, kind: JsonObject, value: Value) -> str:
        if isinstance(value, ErrorValue):
            return value.text
        if isinstance(value, list):
            return ", ".join(self._of_value(kind, item) for item in value)
        if isinstance(value, float) and not math.isfinite(value):
            return to_text(value)
        options: JsonObject = kind.get("options") or {}
        match kind.get("type"):
            case "checkbox":
                return "checked" if value else ""
            case "date" if isinstance(value, datetime):
                return self._date(value, options)
            case "dateTime" if isinstance(value, datetime):
                return self._date_time(value, options)
            case "duration" if isinstance(value, (int, float)):
                return duration_text(value, options.get("durationFormat") or "h:mm")
            case "number" if isinstance(value, (int, float)):
                return _decimal(value, options.get("precision"))
            case "percent" if isinstance(value, (int, float)):
                return f"{_decimal(value * 100, options.get('precision'))}%"
            case "currency" if isinstance(value, (int, float)):
                amount = _decimal(abs(value), options.get("precision"), grouped=True)
                return f"{'-' if value < 0 else ''}{options.get('symbol') or '$'}{amount}"
        return to_text(value)

    def _date(self, moment: datetime, options: JsonObject) -> str:
        # A day is the same day in every time zone.
        return format_moment(moment, _pattern(options, "dateFormat", "YYYY-MM-DD"), self._locale)

    def _date_time(self, moment: datetime, options: JsonObject) -> str:
        day = _pattern(options, "dateFormat", "YYYY-MM-DD")
        time = _pattern(options, "timeFormat", "HH:mm")
        return format_moment(moment.astimezone(self._zone), f"{day} {time}", self._locale)


def _pattern(options: JsonObject, name: str, default: str) -> str:
    chosen: Json = options.get(name)
    return str(chosen.get("format") or default) if isinstance(chosen, dict) else default


def _decimal(value: float, precision: Json, *, grouped: bool = False) -> str:
    if not isinstance(precision, int):
        return to_text(value)
    return f"{value:,.{precision}f}" if grouped else f"{value:.{precision}f}"


def duration_text(seconds: float, pattern: str) -> str:
    """`1:05` for `h:mm`, `1:05:09.25` for `h:mm:ss.SS`."""
    sign = "-" if seconds < 0 else ""
    digits = len(pattern.partition(".")[2])
    if pattern == "h:mm":
        minutes = int(abs(seconds) / 60 + 0.5)
        return f"{sign}{minutes // 60}:{minutes % 60:02d}"
    scale = 10**digits
    units = int(abs(seconds) * scale + 0.5)
    whole, fraction = divmod(units, scale)
    tail = f".{fraction:0{digits}d}" if digits else ""
    return f"{sign}{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}{tail}"
