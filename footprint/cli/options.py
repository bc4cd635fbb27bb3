"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from footprint.errors import RequestError

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
force_option = click.option("--force", is_flag=True, help="Overwrite existing files.")
RULES_FORMS = "NAME; NAME,feature=value,…; FILE.py:CLASS; or 'all'"
"""What ``--rules`` takes, in every verb."""
DEFAULT_MARK = "the last mark before destruction (booted, else built)"


def rules_option(words: str) -> Callable[[Any], Any]:
    """``-r`` and ``--rules``, which may be given again; `words` say what the verb does with rule sets."""
    return click.option(
        "-r", "--rules", "rules", multiple=True, metavar="RULES", help=f"{words} RULES is {RULES_FORMS}. Repeatable."
    )


def assignments(pairs: Sequence[str]) -> dict[str, str]:
    """``["nics=4"]`` as ``{"nics": "4"}``; raises RequestError for what is not NAME=VALUE."""
    values: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise RequestError(f"-s {pair!r} is not NAME=VALUE, as in -s nics=64")
        if name in values:
            raise RequestError(f"-s {name} is given twice: {values[name]!r} and {value!r}")
        values[name] = value
    return values
