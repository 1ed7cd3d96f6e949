"""Every function of the formula language, entered in `FUNCTIONS` by importing the groups."""

from . import arrays, dates, logical, numeric, record, regex, text, workdays
from .table import FUNCTIONS, Function

__all__ = ["FUNCTIONS", "Function"]

_GROUPS = (logical, text, numeric, dates, workdays, arrays, record, regex)
