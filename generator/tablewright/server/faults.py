"""Faults on purpose: rules that refuse, delay or break chosen requests, the same ones for the same seed.

A rule is an action, then what it applies to, in words:

    cut-after method=POST path=/v0/*/Tasks nth=3
    429 retry-after=2 probability=0.1
    delay=0.5 method=GET
    503 path=/v0/meta/* nth=1,2

`nth` counts the requests that match the rule's method and path, from 1. Without `nth` and `probability`
a rule applies to every request that matches. The first rule that applies wins.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from tablewright.server.calls import text_of

ACTIONS: Final = {
    "refuse": "the connection ends as soon as the request's head is there",
    "delay": "the answer waits so many seconds: delay=0.5",
    "cut-before": "the whole request is received, nothing is written, the connection ends without an answer",
    "cut-after": "the request is carried out, then the connection ends without an answer",
    "429": "too many requests; with retry-after=N that header too",
    "500": "a fault of the server, nothing is written",
    "502": "a gateway's HTML page, nothing is written",
    "503": "try again, nothing is written; with retry-after=N that header too",
    "malformed": "the request is carried out, and its answer is half a JSON text",
}


class FaultRuleError(ValueError):
    """A rule that cannot be read; the message says what is allowed."""


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One rule, as written."""

    action: str
    seconds: float = 0.0
    method: str | None = None
    path: str = "*"
    nth: frozenset[int] = frozenset()
    probability: float | None = None
    retry_after: str | None = None

    @classmethod
    def parse(cls, text: str) -> "FaultRule":
        """The rule written as *text*.

        Raises:
            FaultRuleError: unknown action or condition, or a value out of range.
        """
        words = text.split()
        if not words:
            raise FaultRuleError("a fault rule is empty: write an action such as cut-after")
        action, _, amount = words[0].partition("=")
        if action not in ACTIONS:
            raise FaultRuleError(f"unknown fault '{action}': known are {', '.join(ACTIONS)}")
        seconds = _number(text, amount, 0, 3600) if action == "delay" else 0.0
        if amount and action != "delay":
            raise FaultRuleError(f"fault '{action}' takes no amount: write {action}")
        method: str | None = None
        path, nth, probability, retry_after = "*", frozenset[int](), None, None
        for word in words[1:]:
            name, _, value = word.partition("=")
            if name == "method":
                method = value.upper()
            elif name == "path":
                path = value
            elif name == "nth":
                nth = _counts(text, value)
            elif name == "probability":
                probability = _number(text, value, 0, 1)
            elif name == "retry-after" and action in ("429", "503"):
                retry_after = str(int(_number(text, value, 0, 86_400)))
            else:
                allowed = "method, path, nth, probability, and retry-after for 429 and 503"
                raise FaultRuleError(
                    f"unknown condition '{word}' in '{text}': allowed are {allowed}"
                )
        return cls(action, seconds, method, path, nth, probability, retry_after)

    def concerns(self, method: str, path: str) -> bool:
        """Whether method and path match; *path* as the client meant it, percent signs resolved."""
        # A bracket is one: table names hold them, and rules have no sets of characters.
        return self.method in (None, method) and fnmatchcase(path, self.path.replace("[", "[[]"))


def _number(rule: str, text: str, least: float, most: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not least <= number <= most:
        raise FaultRuleError(f"'{text}' in '{rule}' must be a number from {least:g} to {most:g}")
    return number


def _counts(rule: str, text: str) -> frozenset[int]:
    try:
        counts = frozenset(int(part) for part in text.split(","))
    except ValueError:
        counts = frozenset()
    if not counts or min(counts) < 1:
        raise FaultRuleError(f"nth={text} in '{rule}' must be numbers from 1, separated by commas")
    return counts


class Faults:
    """The rules of a running server, with their counts and their dice."""

    def __init__(self, rules: Sequence[FaultRule], seed: int) -> None:
        self._rules = list(rules)
        self._seen = [0] * len(self._rules)
        # Dice of its own for each rule: adding a rule does not change what the others do.
        self._dice = [
            random.Random(f"{seed}:{position}")  # noqa: S311 - repeatable on purpose
            for position in range(len(self._rules))
        ]

    @classmethod
    def parse(cls, rules: str | Sequence[str] | None, seed: int) -> "Faults":
        """Rules from texts; one text may hold several, separated by semicolons or line ends.

        Raises:
            FaultRuleError: a rule that cannot be read.
        """
        texts = [rules] if isinstance(rules, str) else list(rules or ())
        parts = (part for text in texts for part in text.replace("\n", ";").split(";"))
        return cls([FaultRule.parse(part) for part in parts if part.strip()], seed)

    def next_for(self, method: str, raw_path: bytes) -> FaultRule | None:
        """The rule that applies to this request; every matching rule counts it."""
        if not self._rules:
            return None
        path = text_of(raw_path)
        chosen: FaultRule | None = None
        for position, rule in enumerate(self._rules):
            if not rule.concerns(method, path):
                continue
            self._seen[position] += 1
            applies = not rule.nth or self._seen[position] in rule.nth
            if rule.probability is not None:
                applies = self._dice[position].random() < rule.probability and applies
            if applies and chosen is None:
                chosen = rule
        return chosen
