"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


def check_belong(*groups: tuple[Mapping[str, bool], str]) -> None:
    """Raise RequestError with all options that were given but go with something else than what was asked for.

    A group is options (True: was given) and what they go with.
    """
    clauses = []
    for options, place in groups:
        given = [option for option, is_given in options.items() if is_given]
        if given:
            clauses.append(f"{_listed(given)} go{'es' if len(given) == 1 else ''} with {place}")
    if clauses:
        raise RequestError("; ".join(clauses))


def _listed(words: Sequence[str]) -> str:
    """``-r, -s and -b``."""
    *rest, last = words
    return f"{', '.join(rest)} and {last}" if rest else last
