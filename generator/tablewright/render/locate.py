"""Where the templates lie: inside the package in a wheel, beside it in a checkout."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


def template_root() -> Traversable:
    """Return the folder of built-in templates.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    packaged = files("tablewright") / "templates"
    if packaged.is_dir():
        return packaged
    checkout = Path(__file__).resolve().parents[3] / "templates"
    if checkout.is_dir():
        return checkout
    raise FileNotFoundError(f"no templates in {packaged} or {checkout}: reinstall tablewright")


def template_text(name: str, overrides: Path | None = None) -> tuple[str, str]:
    """Return the text and the path of a template; one of the same name in *overrides* comes first.

    Raises:
        FileNotFoundError: there is no such template.
    """
    if overrides is not None:
        own = overrides.joinpath(*name.split("/"))
        if own.is_file():
            return own.read_text("utf-8"), str(own)
    found = template_root().joinpath(*name.split("/"))
    if not found.is_file():
        raise FileNotFoundError(f"there is no template '{name}'")
    return found.read_text("utf-8"), str(found)


def template_digest_parts(folders: tuple[str, ...], overrides: Path | None = None) -> list[str]:
    """Return name and text of every template in *folders*, overridden ones as they are."""
    parts: list[str] = []
    for folder in folders:
        for name in sorted(entry.name for entry in template_root().joinpath(folder).iterdir()):
            parts += (f"{folder}/{name}", template_text(f"{folder}/{name}", overrides)[0])
    return parts
