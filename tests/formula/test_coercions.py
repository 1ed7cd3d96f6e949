"""How one kind of value is read as another; rows marked "unconfirmed" in the docs are our choice, and fixed here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tablewright.server.formula import ERROR, Value, is_truthy, to_cell, to_text

ERROR_CELL = {"error": "#ERROR!"}
NAN_CELL = {"specialValue": "NaN"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{Empty}+1", 1),
        ("BLANK()*5", 0),
        ("{Empty}&''", None),
        ("'a'&{Empty}&'b'", "ab"),
        ("{Name}+1", NAN_CELL),
        ("'foo'+'bar'", NAN_CELL),
        ("'5'+1", 6),
        ("TRUE()+TRUE()", 2),
        ("{Done}&''", "1"),
        ("0&''", "0"),
        ("0.1+0.2&''", "0.30000000000000004"),
        ("1/3*3", 1),
        ("100000000000000000000&''", "100000000000000000000"),
        ("POWER(10,21)&''", "1e+21"),
        ("1234567890123456789&''", "1234567890123456800"),
        ("-POWER(2,60)&''", "-1152921504606847000"),
        ("POWER(2,53)&''", "9007199254740992"),
        ("1/1000000&''", "0.000001"),
        ("1.5/100000&''", "0.000015"),
        ("1/10000000&''", "1e-7"),
        ("1/0", {"specialValue": "Infinity"}),
        ("-1/0", {"specialValue": "-Infinity"}),
        ("0/0", NAN_CELL),
        ("1/0&''", "Infinity"),
        ("--5", 5),
        ("+'5'", 5),
        ("2-3-4", -5),
        ("2+3&4", "54"),
        ("'a'&1+1", "a2"),
        ("1+1=2", 1),
        ("3>2>1", 0),
        ("{One}*2", 14),
        ("{Two}*2", NAN_CELL),
        ("{Two}&''", "7, 8"),
        ("{List}&''", "b, a, , , a"),
        ("LEN({Two})", 4),
        ("FIND('8', {Two})", 4),
        ("{Due}&''", "2026-11-20T09:15:30.250Z"),
        ("FIND('2026-11-20', {Due})", 1),
        ("{Broken}+1", ERROR_CELL),
        ("'a'&{Broken}", ERROR_CELL),
        ("{Broken}=1", ERROR_CELL),
        ("IF({Broken},1,2)", ERROR_CELL),
        ("IF(1,2,{Broken})", 2),
        ("LEN({Broken})", ERROR_CELL),
        ("ISERROR({Broken})", 1),
        ("ISERROR(0/0)", 1),
        ("AND({Broken},0)", 0),
        ("OR({Broken},1)", 1),
        ("AND({Broken},1)", ERROR_CELL),
        ("NOT({Broken})", ERROR_CELL),
        ("SWITCH({Broken},1,2,3)", ERROR_CELL),
        ("'a\\'b'", "a'b"),
        ('"say \\"hi\\""', 'say "hi"'),
        ("'a\\\\b'", "a\\b"),
        ("'a\\nb'", "a\nb"),
        ("'two\nlines'", "two\nlines"),
        (".5*2", 1),
        ("if( 1 ,\n\t2 , 3 )", 2),
        ("TRUE", 1),
        ("TODAY", "2026-11-22T00:00:00.000Z"),
        ("COUNTALL({Empty})", 1),
        ("SUM('x', 2)", 2),
        ("AVERAGE({Empty})", NAN_CELL),
        ("MAX({Empty})", None),
        ("MAX({Due}, '2020-01-01')", "2026-11-20T09:15:30.250Z"),
        ("VALUE('')", None),
        ("VALUE('abc')", NAN_CELL),
        ("VALUE('1-2')", NAN_CELL),
        ("SQRT(-1)", NAN_CELL),
        ("LOG(0)", {"specialValue": "-Infinity"}),
        ("LOG(-1)", NAN_CELL),
        ("MOD(5,0)", NAN_CELL),
        ("MOD(-7,5)", -2),
        ("POWER(0,-1)", {"specialValue": "Infinity"}),
        ("POWER(-8, 0.5)", NAN_CELL),
        ("EXP(10000)", {"specialValue": "Infinity"}),
        ("YEAR({Empty})", ERROR_CELL),
        ("YEAR('no date')", ERROR_CELL),
        ("DATETIME_FORMAT({Empty})", ERROR_CELL),
        ("IS_BEFORE({Empty}, NOW())", 0),
        ("DATEADD(NOW(), 1, 'moons')", ERROR_CELL),
        ("DATEADD(NOW(), 9999, 'years')", ERROR_CELL),
        ("REGEX_EXTRACT('a', 'b')", ERROR_CELL),
        ("REGEX_MATCH('a', '(')", ERROR_CELL),
        ("REGEX_MATCH('a', '(?=a)')", ERROR_CELL),
        ("REGEX_REPLACE('a1b2', '[0-9]', '<$0$$>')", "a<1$>b<2$>"),
        ("LEFT('abc', -1)", None),
        ("RIGHT('abc', 0)", None),
        ("MID('abc', 0, 2)", "ab"),
        ("REPT('x', -1)", None),
    ],
)  # fmt: skip
def test_values_are_read_as_the_other_kind(
    text: str, expected: Any, cell_of: Callable[[str], Any]
) -> None:
    """Blanks, texts, numbers, dates, arrays and errors mix as documented."""
    assert cell_of(text) == expected


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("BLANK()=0", True),
        ("BLANK()=''", True),
        ("BLANK()=BLANK()", True),
        ("{Empty}=BLANK()", True),
        ("{Zero}=BLANK()", True),
        ("{Zero}=''", True),
        ("{Empty}!=0", False),
        ("{Name}!=BLANK()", True),
        ("{Name}!=''", True),
        ("{Empty}=FALSE()", True),
        ("{Done}=TRUE()", True),
        ("{Done}=1", True),
        ("{Number}=5", True),
        ("5={Number}", True),
        ("{Number}='5'", True),
        ("{Number}>4", True),
        ("4<{Number}", True),
        ("{Number}<=4", False),
        ("{Empty}<1", True),
        ("{Name}='Ada'", True),
        ("{Name}='ada'", False),
        ("'Ada'={Name}", True),
        ("{Name}<'B'", True),
        ("{Name}>'B'", False),
        ("{Name}!='Ada'", False),
        ("{One}=7", True),
        ("{Two}='7, 8'", True),
        ("{Due}=DATETIME_PARSE('2026-11-20T09:15:30.250Z')", True),
        ("{Due}='2026-11-20T09:15:30.250Z'", True),
        ("{Due}='2026-11-20'", False),
        ("{Due}<NOW()", True),
        ("{Due}>'2026-11-20'", True),
        ("{Due}=BLANK()", False),
        ("{Empty}<NOW()", True),
        ("{Broken}=1", False),
        ("{Broken}!=1", False),
        ("{Broken}", False),
        ("{Name}", True),
        ("{Zero}", False),
        ("{Empty}", False),
        ("0/0", False),
        ("1/0", True),
        ("''", False),
        ("{List}", True),
        ("NOW()", True),
        ("AND({List})", False),
        ("OR({List})", True),
        ("AND({Name}, {Number}>1, {Done})", True),
        ("AND({Name}, {Number}>1, {Done}, {Zero})", False),
        ("OR({Zero}, {Empty})", False),
        ("OR({Zero}, {Empty}, {Name}='Ada')", True),
        ("OR({Name}='Bob', {Name}='Ada')", True),
        ("OR({Name}='Bob', {Name}='Cid')", False),
        ("OR({Number}='4', {Number}='5')", True),
        ("OR({Broken}='4', {Broken}='5')", False),
        ("OR(RECORD_ID()='rec00000000000009', RECORD_ID()='rec00000000000001')", True),
        ("NOT({Broken})", False),
        ("NOT(AND({Name}, {Zero}))", True),
        ("LOWER({Name})='ada'", True),
        ("LEN({Name})=3", True),
        ("LEN({Name})>'2'", True),
        ("{Number}+1>{Zero}", True),
    ],
)
def test_a_filter_keeps_what_the_reference_says(
    text: str, holds: bool, kept: Callable[[str], bool], value_of: Callable[[str], Value]
) -> None:
    """The filter's answer is the documented one, and the same as the truth of the value."""
    assert kept(text) is holds
    assert is_truthy(value_of(text)) is holds


@pytest.mark.parametrize(
    ("value", "result", "cell"),
    [
        (True, "number", 1),
        (True, "checkbox", True),
        (False, "checkbox", None),
        (False, None, 0),
        (2.0, "number", 2),
        (2.5, "number", 2.5),
        (2.0, "singleLineText", "2"),
        (1e300, "number", 1e300),
        ("", None, None),
        ([], None, None),
        ([1.0, "a"], None, [1, "a"]),
        ([1.0, "a"], "singleLineText", "1, a"),
        (ERROR, "number", ERROR_CELL),
        ([ERROR], None, [ERROR_CELL]),
        (float("nan"), "number", NAN_CELL),
        (datetime(2026, 1, 2, 3, tzinfo=UTC), "dateTime", "2026-01-02T03:00:00.000Z"),
        (datetime(2026, 1, 2, 3, tzinfo=UTC), "date", "2026-01-02"),
    ],
)
def test_a_value_becomes_the_cell_of_its_field(value: Value, result: str | None, cell: Any) -> None:
    """Cells follow the field's result type; blanks are left out, 0 is not."""
    assert to_cell(value, result) == cell
    assert type(to_cell(value, result)) is type(cell)


def test_huge_integers_are_texts_and_numbers() -> None:
    """An integer beyond a double neither fails nor prints without end."""
    assert to_text(10**400) == "Infinity"
