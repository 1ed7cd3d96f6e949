"""Month and day names and date presets for SET_LOCALE, in moment.js's spelling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final


def _english_ordinal(number: int, _unit: str) -> str:
    if 10 <= number % 100 <= 20:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def _french_ordinal(number: int, unit: str) -> str:
    if number == 1:
        return "1re" if unit in ("w", "W") else "1er"
    return str(number) if unit == "D" else f"{number}e"


@dataclass(frozen=True, eq=False)
class Locale:
    """How one language writes dates. Weeks begin on `first_weekday` (0 = Sunday)."""

    months: tuple[str, ...]
    short_months: tuple[str, ...]
    days: tuple[str, ...]
    short_days: tuple[str, ...]
    smallest_days: tuple[str, ...]
    presets: dict[str, str]
    first_weekday: int = 1
    first_january: int = 4
    """The day of January that always lies in week 1."""
    ordinal: Callable[[int, str], str] = lambda number, _unit: f"{number}."
    """The ordinal of a number of months (M), days (D, DDD), weekdays (d), weeks (w, W) or quarters (Q)."""
    halves: tuple[str, str] = ("AM", "PM")
    drops_dots: bool = False
    """Whether a short month between hyphens goes without its dot."""

    def within(self, pattern: str) -> Locale:
        """The locale as it writes inside *pattern*."""
        return self._without_dots if self.drops_dots and "-MMM-" in pattern else self

    @cached_property
    def _without_dots(self) -> Locale:
        return replace(self, short_months=tuple(name.rstrip(".") for name in self.short_months))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _presets(
    short_date: str, long_date: str, day: str, time: str = "HH:mm", joint: str = " "
) -> dict[str, str]:
    seconds = time.replace("mm", "mm:ss")
    friendly = long_date.replace("MMMM", "MMM")
    brief = short_date.replace("MM", "M").replace("DD", "D")
    return {
        "LT": time,
        "LTS": seconds,
        "L": short_date,
        "LL": long_date,
        "LLL": f"{long_date}{joint}{time}",
        "LLLL": f"{day}{long_date}{joint}{time}",
        "l": brief,
        "ll": friendly,
        "lll": f"{friendly}{joint}{time}",
        "llll": f"{day.replace('dddd', 'ddd')}{friendly}{joint}{time}",
    }  # fmt: skip


ENGLISH: Final = Locale(
    _words("January February March April May June July August September October November December"),
    _words("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"),
    _words("Sunday Monday Tuesday Wednesday Thursday Friday Saturday"),
    _words("Sun Mon Tue Wed Thu Fri Sat"),
    _words("Su Mo Tu We Th Fr Sa"),
    _presets("MM/DD/YYYY", "MMMM D, YYYY", "dddd, ", "h:mm A"),
    first_weekday=0,
    first_january=1,
    ordinal=_english_ordinal,
)
_BRITISH: Final = Locale(
    ENGLISH.months,
    ENGLISH.short_months,
    ENGLISH.days,
    ENGLISH.short_days,
    ENGLISH.smallest_days,
    _presets("DD/MM/YYYY", "D MMMM YYYY", "dddd, "),
    ordinal=_english_ordinal,
)
_IRISH: Final = replace(_BRITISH, presets=_presets("DD/MM/YYYY", "D MMMM YYYY", "dddd "))
_NEW_ZEALAND: Final = replace(
    _BRITISH, presets=_presets("DD/MM/YYYY", "D MMMM YYYY", "dddd, ", "h:mm A")
)
_AUSTRALIAN: Final = replace(_NEW_ZEALAND, first_weekday=0, first_january=3)
_GERMAN: Final = Locale(
    _words("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
    _words("Jan. Feb. März Apr. Mai Juni Juli Aug. Sep. Okt. Nov. Dez."),
    _words("Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag"),
    _words("So. Mo. Di. Mi. Do. Fr. Sa."),
    _words("So Mo Di Mi Do Fr Sa"),
    _presets("DD.MM.YYYY", "D. MMMM YYYY", "dddd, "),
)
_SPANISH: Final = Locale(
    _words(
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
    ),
    _words("ene. feb. mar. abr. may. jun. jul. ago. sep. oct. nov. dic."),
    _words("domingo lunes martes miércoles jueves viernes sábado"),
    _words("dom. lun. mar. mié. jue. vie. sáb."),
    _words("do lu ma mi ju vi sá"),
    _presets("DD/MM/YYYY", "D [de] MMMM [de] YYYY", "dddd, ", "H:mm"),
    drops_dots=True,
    ordinal=lambda number, _unit: f"{number}º",
)
_FRENCH: Final = Locale(
    _words("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
    _words("janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc."),
    _words("dimanche lundi mardi mercredi jeudi vendredi samedi"),
    _words("dim. lun. mar. mer. jeu. ven. sam."),
    _words("di lu ma me je ve sa"),
    _presets("DD/MM/YYYY", "D MMMM YYYY", "dddd "),
    ordinal=_french_ordinal,
)
_ITALIAN: Final = Locale(
    _words(
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"
    ),
    _words("gen feb mar apr mag giu lug ago set ott nov dic"),
    _words("domenica lunedì martedì mercoledì giovedì venerdì sabato"),
    _words("dom lun mar mer gio ven sab"),
    _words("do lu ma me gi ve sa"),
    _presets("DD/MM/YYYY", "D MMMM YYYY", "dddd "),
    ordinal=lambda number, _unit: f"{number}º",
)
_PORTUGUESE: Final = Locale(
    _words(
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"
    ),
    _words("jan fev mar abr mai jun jul ago set out nov dez"),
    _words("Domingo Segunda-feira Terça-feira Quarta-feira Quinta-feira Sexta-feira Sábado"),
    _words("Dom Seg Ter Qua Qui Sex Sáb"),
    _words("Do 2ª 3ª 4ª 5ª 6ª Sá"),
    _presets("DD/MM/YYYY", "D [de] MMMM [de] YYYY", "dddd, "),
    ordinal=lambda number, _unit: f"{number}º",
)
_DUTCH: Final = Locale(
    _words(
        "januari februari maart april mei juni juli augustus september oktober november december"
    ),
    _words("jan. feb. mrt. apr. mei jun. jul. aug. sep. okt. nov. dec."),
    _words("zondag maandag dinsdag woensdag donderdag vrijdag zaterdag"),
    _words("zo. ma. di. wo. do. vr. za."),
    _words("zo ma di wo do vr za"),
    _presets("DD-MM-YYYY", "D MMMM YYYY", "dddd "),
    drops_dots=True,
    ordinal=lambda number, _unit: f"{number}{'ste' if number in (1, 8) or number >= 20 else 'de'}",
)

_LOCALES: Final = {
    "en": ENGLISH,
    "en-au": _AUSTRALIAN,
    "en-gb": _BRITISH,
    "en-ie": _IRISH,
    "en-nz": _NEW_ZEALAND,
    "de": _GERMAN,
    "es": _SPANISH,
    "fr": _FRENCH,
    "it": _ITALIAN,
    "pt": _PORTUGUESE,
    "nl": _DUTCH,
}


def locale_named(name: str | None) -> Locale:
    """The locale of that name, else of its language, else English, which is what moment.js falls back to."""
    key = (name or "en").lower().replace("_", "-")
    return _LOCALES.get(key) or _LOCALES.get(key.partition("-")[0], ENGLISH)


KNOWN_LOCALES: Final = tuple(_LOCALES)
