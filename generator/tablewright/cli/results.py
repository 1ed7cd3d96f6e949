"""Results for tools: the option that asks for them, and how they are printed."""

from __future__ import annotations

import json
from typing import Any

import click

format_option = click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How results are printed.",
)


def echo_json(value: Any) -> None:
    """Print a result for tools."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
