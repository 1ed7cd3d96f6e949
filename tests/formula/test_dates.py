"""Dates: texts that name them, formats that write and read them, zones and languages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from tablewright.server.formula import PlainRow, parse_formula

MOMENT = "'2013-02-09T15:04:05.678Z'"


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("YYYY YY", "2013 13"),
        ("gggg gg GGGG GG", "2013 13 2013 13"),
        ("Q", "1"),
        ("M Mo MM MMM MMMM", "2 2nd 02 Feb February"),
        ("D Do DD", "9 9th 09"),
        ("DDD DDDo DDDD", "40 40th 040"),
        ("d do dd ddd dddd e E", "6 6th Sa Sat Saturday 6 6"),
        ("w wo ww W Wo WW", "6 6th 06 6 6th 06"),
        ("H HH h hh A a", "15 15 3 03 PM pm"),
        ("m mm s ss S SS SSS", "4 04 5 05 6 67 678"),
        ("Z ZZ", "+00:00 +0000"),
        ("X x", "1360422245 1360422245678"),
        ("LT|LTS", "3:04 PM|3:04:05 PM"),
        ("L|l", "02/09/2013|2/9/2013"),
        ("LL|ll", "February 9, 2013|Feb 9, 2013"),
        ("LLL|lll", "February 9, 2013 3:04 PM|Feb 9, 2013 3:04 PM"),
        ("LLLL|llll", "Saturday, February 9, 2013 3:04 PM|Sat, Feb 9, 2013 3:04 PM"),
        ("Qo k kk Y", "1st 15 15 2013"),
        ("SSSS SSSSSS", "6780 678000"),
        ("YYYYY YYYYYY", "02013 +002013"),
        ("z zz", "UTC UTC"),
        ("Hmm hmmss", "1504 30405"),
        ("[at] H[h]", "at 15h"),
        ("\\\\MMMM \\\\D D", "MMMM D 9"),
        ("[[Q] Q]", "[Q] Q"),
        ("YYYY-MM-DD[T]HH:mm:ss.SSS[Z]", "2013-02-09T15:04:05.678Z"),
    ],
)
def test_every_format_token_is_written_as_moment_writes_it(
    pattern: str, written: str, cell_of: Callable[[str], Any]
) -> None:
    """DATETIME_FORMAT knows moment.js's tokens."""
    assert cell_of(f"DATETIME_FORMAT({MOMENT}, '{pattern}')") == written


@pytest.mark.parametrize(
    ("zone", "written"),
    [
        ("America/Los_Angeles", "2013-02-09 07:04 -08:00"),
        ("Asia/Kolkata", "2013-02-09 20:34 +05:30"),
        ("Europe/Berlin", "2013-02-09 16:04 +01:00"),
        ("Pacific/Auckland", "2013-02-10 04:04 +13:00"),
        ("utc", "2013-02-09 15:04 +00:00"),
    ],
)
def test_a_zone_shows_in_the_format_only(
    zone: str, written: str, cell_of: Callable[[str], Any]
) -> None:
    """SET_TIMEZONE changes what DATETIME_FORMAT writes and nothing else."""
    assert (
        cell_of(f"DATETIME_FORMAT(SET_TIMEZONE({MOMENT}, '{zone}'), 'YYYY-MM-DD HH:mm Z')")
        == written
    )
    assert cell_of(f"HOUR(SET_TIMEZONE({MOMENT}, '{zone}'))") == 15
    assert cell_of(f"DATESTR(SET_TIMEZONE({MOMENT}, '{zone}'))") == "2013-02-09"


def test_zone_and_language_go_together(cell_of: Callable[[str], Any]) -> None:
    """SET_LOCALE around SET_TIMEZONE, and the other way round, keep both."""
    pattern = "'dddd D MMMM HH:mm'"
    inner_zone = (
        f"DATETIME_FORMAT(SET_LOCALE(SET_TIMEZONE({MOMENT}, 'Asia/Tokyo'), 'fr'), {pattern})"
    )
    inner_locale = (
        f"DATETIME_FORMAT(SET_TIMEZONE(SET_LOCALE({MOMENT}, 'fr'), 'Asia/Tokyo'), {pattern})"
    )

    assert cell_of(inner_zone) == cell_of(inner_locale) == "dimanche 10 février 00:04"


@pytest.mark.parametrize(
    ("locale", "written"),
    [
        ("en-gb", "9 February 2013"),
        ("de", "9. Februar 2013"),
        ("de-at", "9. Februar 2013"),
        ("es", "9 de febrero de 2013"),
        ("it", "9 febbraio 2013"),
        ("nl", "9 februari 2013"),
        ("pt-br", "9 de fevereiro de 2013"),
        ("xx", "February 9, 2013"),
    ],
)
def test_languages_write_their_own_dates(
    locale: str, written: str, cell_of: Callable[[str], Any]
) -> None:
    """A known language writes its long date, an unknown one falls back to English."""
    assert cell_of(f"DATETIME_FORMAT(SET_LOCALE({MOMENT}, '{locale}'), 'LL')") == written


@pytest.mark.parametrize(
    ("locale", "pattern", "written"),
    [
        ("en-au", "LLLL", "Saturday, 9 February 2013 3:04 PM"),
        ("en-au", "e w gggg", "6 6 2013"),
        ("en-nz", "LT", "3:04 PM"),
        ("en-nz", "e", "5"),
        ("en-ie", "LLLL", "Saturday 9 February 2013 15:04"),
        ("nl", "D MMM YYYY", "9 feb. 2013"),
        ("nl", "D-MMM-YYYY", "9-feb-2013"),
        ("es", "D-MMM-YYYY", "9-feb-2013"),
        ("fr", "Do Mo Qo DDDo do wo Wo", "9 2e 1er 40e 6e 6e 6e"),
        ("pt-br", "Qo", "1º"),
    ],
)
def test_languages_have_their_own_ways_with_parts(
    locale: str, pattern: str, written: str, cell_of: Callable[[str], Any]
) -> None:
    """Clocks, weeks, short months and ordinals, as moment.js writes them."""
    written_now = cell_of(f"DATETIME_FORMAT(SET_LOCALE({MOMENT}, '{locale}'), '{pattern}')")

    assert written_now == written


def test_a_zone_has_its_short_name(cell_of: Callable[[str], Any]) -> None:
    """`z` follows summer time; midnight is hour 24 for `k`."""
    summer = "SET_TIMEZONE('2026-07-01T04:00Z', 'America/New_York')"

    assert cell_of(f"DATETIME_FORMAT({summer}, 'z k')") == "EDT 24"


def test_an_unknown_zone_is_an_error(cell_of: Callable[[str], Any]) -> None:
    """A zone that does not exist gives #ERROR!, also one that names a file."""
    for zone in ("Mars/Base", "../etc/passwd", "", "/", "America"):
        assert cell_of(f"SET_TIMEZONE(NOW(), '{zone}')") == {"error": "#ERROR!"}


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-22", "2026-11-22T00:00:00.000Z"),
        ("2026-11-22T10:30", "2026-11-22T10:30:00.000Z"),
        ("2026-11-22 10:30:05", "2026-11-22T10:30:05.000Z"),
        ("2026-11-22T10:30:05.1234567Z", "2026-11-22T10:30:05.123Z"),
        ("2026-11-22T10:30:00+05:30", "2026-11-22T05:00:00.000Z"),
        ("2026-11-22T10:30:00-0800", "2026-11-22T18:30:00.000Z"),
        ("2026/11/22", "2026-11-22T00:00:00.000Z"),
        ("11/22/2026", "2026-11-22T00:00:00.000Z"),
        ("11/22/26", "2026-11-22T00:00:00.000Z"),
        ("11/22/69", "1969-11-22T00:00:00.000Z"),
        ("11/22/2026 1:05pm", "2026-11-22T13:05:00.000Z"),
        ("11/22/2026 12:05 AM", "2026-11-22T00:05:00.000Z"),
        ("22 Nov 2026", "2026-11-22T00:00:00.000Z"),
        ("November 22, 2026 10:30", "2026-11-22T10:30:00.000Z"),
        ("Sunday, November 22nd, 2026", "2026-11-22T00:00:00.000Z"),
        ("22/11/2026", None),
        ("2026-02-30", None),
        ("11/22/2026 13:05 pm", None),
        ("0000-01-01", None),
        ("0001-01-01T00:00:00+10:00", None),
        ("tomorrow", None),
        ("20261122", None),
        ("", None),
    ],
)
def test_a_text_is_read_as_a_date(
    text: str, instant: str | None, cell_of: Callable[[str], Any]
) -> None:
    """ISO and US-like texts name dates, in UTC unless they say otherwise; what names none is an error."""
    assert cell_of(f"DATETIME_PARSE('{text}')") == (instant or {"error": "#ERROR!"})


@pytest.mark.parametrize(
    ("text", "pattern", "instant"),
    [
        ("22.11.2026", "DD.MM.YYYY", "2026-11-22T00:00:00.000Z"),
        ("22-11-26 5:07 pm", "DD/MM/YY h:mm a", "2026-11-22T17:07:00.000Z"),
        ("12:30 AM 2/3/2026", "h:mm A M/D/YYYY", "2026-02-03T00:30:00.000Z"),
        ("1360422245", "X", "2013-02-09T15:04:05.000Z"),
        ("1360422245678", "x", "2013-02-09T15:04:05.678Z"),
        ("2026-11-22 10:30 +02:00", "YYYY-MM-DD HH:mm Z", "2026-11-22T08:30:00.000Z"),
        ("2026-11-22T10:30:05.5Z", "YYYY-MM-DD[T]HH:mm:ss.SSSZ", "2026-11-22T10:30:05.500Z"),
        ("Sat, November 21st 2026", "ddd, MMMM Do YYYY", "2026-11-21T00:00:00.000Z"),
        ("2026 45", "YYYY DDD", "2026-02-14T00:00:00.000Z"),
        ("2026 Q3", "YYYY [Q]Q", "2026-07-01T00:00:00.000Z"),
        ("20261122", "YYYYMMDD", "2026-11-22T00:00:00.000Z"),
        ("03-04", "MM-DD", "2026-03-04T00:00:00.000Z"),
        ("13:15", "HH:mm", "2026-11-22T13:15:00.000Z"),
        ("2026", "YYYY", "2026-01-01T00:00:00.000Z"),
        ("11/22/2026", "L", "2026-11-22T00:00:00.000Z"),
        ("22.11.2026", "DD.MM.YYYY HH:mm", "2026-11-22T00:00:00.000Z"),
        ("due 22.11.2026", "DD.MM.YYYY", "2026-11-22T00:00:00.000Z"),
        ("8", "HH:mm", "2026-11-22T08:00:00.000Z"),
        ("2026-W47", "GGGG-[W]WW", "2026-11-16T00:00:00.000Z"),
        ("2026-W47-5", "GGGG-[W]WW-E", "2026-11-20T00:00:00.000Z"),
        ("2026 47", "gggg w", "2026-11-15T00:00:00.000Z"),
        ("Friday", "dddd", "2026-11-27T00:00:00.000Z"),
        ("Tue", "ddd", "2026-11-24T00:00:00.000Z"),
        ("2026-11-22 24:00", "YYYY-MM-DD HH:mm", "2026-11-23T00:00:00.000Z"),
        ("2026-11-22 +02", "YYYY-MM-DD Z", "2026-11-21T22:00:00.000Z"),
        ("2026-11-22 24:01", "YYYY-MM-DD HH:mm", None),
        ("2026-W54", "GGGG-[W]WW", None),
        ("Friday 22 Nov 2026", "dddd D MMM YYYY", None),
        ("2026 366", "YYYY DDD", None),
        ("pm", "a", None),
        ("10000-01-01", "Y-MM-DD", None),
        ("2026-13-01", "YYYY-MM-DD", None),
        ("Foo 3 2026", "MMM D YYYY", None),
        ("no", "YYYY", None),
        ("2026", "[text]", None),
    ],
)
def test_a_text_is_read_by_its_format(
    text: str, pattern: str, instant: str | None, cell_of: Callable[[str], Any]
) -> None:
    """DATETIME_PARSE follows the format; the parts above the largest one given are today's."""
    assert cell_of(f"DATETIME_PARSE('{text}', '{pattern}')") == (instant or {"error": "#ERROR!"})


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "a few seconds"),
        (45, "a minute"),
        (600, "10 minutes"),
        (3_000, "an hour"),
        (7_200, "2 hours"),
        (86_400, "a day"),
        (5 * 86_400, "5 days"),
        (30 * 86_400, "a month"),
        (90 * 86_400, "3 months"),
        (400 * 86_400, "a year"),
        (800 * 86_400, "2 years"),
    ],
)
def test_distances_are_told_in_words(
    seconds: int, words: str, cell_of: Callable[[str], Any]
) -> None:
    """FROMNOW and TONOW speak as moment.js does, and alike in both directions."""
    assert cell_of(f"FROMNOW(DATEADD(NOW(), -{seconds}, 'seconds'))") == words
    assert cell_of(f"TONOW(DATEADD(NOW(), {seconds}, 'seconds'))") == words


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ("2026-10-06T12:00", "2 months"),
        ("2026-10-07T12:00", "a month"),
        ("2026-09-07T10:30", "2 months"),
        ("2026-09-06T00:00", "3 months"),
        ("2025-05-22T10:30", "2 years"),
        ("2025-05-23T10:30", "a year"),
    ],
)
def test_months_in_words_are_those_of_the_calendar(
    other: str, words: str, cell_of: Callable[[str], Any]
) -> None:
    """Whole months first, as moment.js counts them: the same number of days is told by where it lies."""
    assert cell_of(f"FROMNOW('{other}')") == words


@pytest.mark.parametrize(
    ("count", "unit", "later"),
    [
        ("1.5", "days", "2026-11-24"),
        ("-1.5", "days", "2026-11-20"),
        ("1.25", "days", "2026-11-23"),
        ("0.5", "weeks", "2026-11-26"),
        ("1.5", "months", "2027-01-22"),
        ("0.5", "years", "2027-05-22"),
        ("36.5", "hours", "2026-11-23T12:30:00.000Z"),
    ],
)
def test_days_and_months_are_added_whole(
    count: str, unit: str, later: str, cell_of: Callable[[str], Any]
) -> None:
    """Halves go away from zero, as in moment.js; of hours and below the fraction counts."""
    found = cell_of(f"DATEADD('2026-11-22', {count}, '{unit}')")

    assert found.removesuffix("T00:00:00.000Z") == later


@pytest.mark.parametrize("start", ["2026-11-16", "2026-11-20", "2026-11-21", "2026-11-22"])
@pytest.mark.parametrize("count", [-12, -5, -1, 1, 4, 5, 11])
@pytest.mark.parametrize("holidays", ["", "2026-11-23, 2026-11-13", "2026-11-19,2026-11-20"])
def test_workdays_agree_with_counting_day_by_day(
    start: str, count: int, holidays: str, cell_of: Callable[[str], Any]
) -> None:
    """WORKDAY lands where stepping over each weekend and holiday lands."""
    closed = {date.fromisoformat(word.strip()) for word in holidays.split(",") if word}
    day, left = date.fromisoformat(start), count
    while left:
        day += timedelta(1 if count > 0 else -1)
        if day.weekday() < 5 and day not in closed:
            left -= 1 if count > 0 else -1

    assert cell_of(f"DATESTR(WORKDAY('{start}', {count}, '{holidays}'))") == day.isoformat()


def test_now_is_the_instant_of_the_request(row: PlainRow, resolve: Callable[[str], Any]) -> None:
    """One bound formula follows the clock of the row it is given."""
    bound = parse_formula("NOW()").bind(resolve)

    assert bound.evaluate(row) == row.now
