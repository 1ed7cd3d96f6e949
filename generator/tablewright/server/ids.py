"""Airtable's identifiers: a prefix of three letters and fourteen characters of `[0-9A-Za-z]`."""

import os
import re
import string

_ALPHABET = (string.ascii_letters + string.digits).encode()
# 256 is no multiple of 62, so some characters come a little more often: an id is a name, not a secret.
_BYTE_TO_CHARACTER = bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256))
_SHAPE = re.compile(r"[a-z]{3}[0-9A-Za-z]{14}")


def new_id(prefix: str) -> str:
    """A fresh id such as `recAbCdEfGhIjKlMn`; *prefix* has three letters."""
    return prefix + os.urandom(14).translate(_BYTE_TO_CHARACTER).decode()


def is_id(text: object, prefix: str) -> bool:
    """Whether *text* has the form of an id with this *prefix*."""
    return isinstance(text, str) and text.startswith(prefix) and _SHAPE.fullmatch(text) is not None
