"""Airtable's identifiers: a prefix of three letters and fourteen characters of `[0-9A-Za-z]`."""

import os
import re
import string
import sys

_ALPHABET = (string.ascii_letters + string.digits).encode()
# 256 is no multiple of 62, so some characters come a little more often: an id is a name, not a secret.
_BYTE_TO_CHARACTER = bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256))
_SHAPE = re.compile(r"[a-z]{3}[0-9A-Za-z]{14}")


_MADE_AT_ONCE = 64
# Asking the system for chance once for many ids: ten records need ten of them.
_unused: list[str] = []
if sys.platform != "win32":
    # Two processes must not hand out the same ones.
    os.register_at_fork(after_in_child=_unused.clear)


def new_id(prefix: str) -> str:
    """A fresh id such as `recAbCdEfGhIjKlMn`; *prefix* has three letters."""
    try:
        return prefix + _unused.pop()
    except IndexError:
        text = os.urandom(14 * _MADE_AT_ONCE).translate(_BYTE_TO_CHARACTER).decode()
        _unused.extend(text[start : start + 14] for start in range(0, len(text), 14))
        return new_id(prefix)


def is_id(text: object, prefix: str) -> bool:
    """Whether *text* has the form of an id with this *prefix*."""
    return isinstance(text, str) and text.startswith(prefix) and _SHAPE.fullmatch(text) is not None
