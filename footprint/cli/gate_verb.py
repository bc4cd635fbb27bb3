"""``footprint gate``: fail when a recording breaks a budget."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from footprint.cli.options import json_option, print_json


@click.command("gate")
@click.argument("recordings", nargs=-1, required=True)
@click.option(
    "--budget", "budgets", multiple=True, required=True, metavar="METRIC<=NUMBER", help="A limit; may be given again."
)
@click.option("--mark", help="Judge at this mark. Default: the last 'built', or the last mark.")
@click.option("--rules", multiple=True, metavar="NAME", help="Judge only this rule set; may be given again.")
@json_option
def command(
    recordings: tuple[str, ...], budgets: tuple[str, ...], mark: str | None, rules: tuple[str, ...], *, as_json: bool
) -> None:
    """Judge RECORDINGS (files, or folders with a recording.json) by budgets.

    Exits 0 when every budget holds in every run, 1 when one does not, with a sentence for each.

    \b
    footprint gate reports/power8 --budget 'flatviews.alive<=4' --rules v7.2.0
    footprint gate reports/power8 --budget 'modelled.resident.peak<=7GiB'
    """
    from footprint.gate.budget import Budget, judge
    from footprint.recording.files import read_recording

    limits = [Budget.parse(text, mark) for text in budgets]
    verdicts = [verdict for path in recordings for verdict in judge(read_recording(path), limits, rules)]
    broken = [verdict for verdict in verdicts if not verdict.holds]
    if as_json:
        print_json({"holds": not broken, "verdicts": [asdict(verdict) for verdict in verdicts]})
    else:
        for verdict in verdicts:
            click.echo(f"{'ok  ' if verdict.holds else 'FAIL'}  {verdict.sentence}")
        click.echo(f"{len(verdicts) - len(broken)} of {len(verdicts)} hold", err=True)
    sys.exit(1 if broken else 0)
