"""Airtable's formula language: text → tree → closures over a row → cell.

    formula = parse_formula("AND({State} = 'todo', {Tries} < 3)")      # FormulaError: refused as Airtable refuses
    bound = formula.bind(table.field_id)                               # FormulaError: unknown fields
    kept = [row for row in rows if bound.keeps(row)]                   # filterByFormula
    cell = to_cell(bound.evaluate(row), result_type(bound, table.type_of).type)

A row is anything that fits `RowContext`; `PlainRow` is one held in memory.
"""

from tablewright.server.formula.cell import to_cell
from tablewright.server.formula.errors import FILTER_PREFIX, FormulaError
from tablewright.server.formula.formula import BoundFormula, Formula, function_table, parse_formula
from tablewright.server.formula.result import ResultType, result_type
from tablewright.server.formula.row import VALUES, PlainRow, RowContext
from tablewright.server.formula.values import ERROR, ErrorValue, Value, is_truthy, to_text

__all__ = [
    "ERROR",
    "FILTER_PREFIX",
    "VALUES",
    "BoundFormula",
    "ErrorValue",
    "Formula",
    "FormulaError",
    "PlainRow",
    "ResultType",
    "RowContext",
    "Value",
    "function_table",
    "is_truthy",
    "parse_formula",
    "result_type",
    "to_cell",
    "to_text",
]
