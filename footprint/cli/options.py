"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

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
