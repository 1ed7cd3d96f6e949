"""Every function of the formula language, entered in `FUNCTIONS` by importing the groups."""

from tablewright.server.formula.functions import (
    arrays,
    date_formats,
    dates,
    logical,
    numeric,
    record,
    regex,
    text,
    workdays,
)
from tablewright.server.formula.functions.table import FUNCTIONS, Function

__all__ = ["FUNCTIONS", "Function"]

_GROUPS = (logical, text, numeric, dates, date_formats, workdays, arrays, record, regex)
