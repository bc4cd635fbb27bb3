"""``footprint gate``: check recordings against budgets."""

from __future__ import annotations

from dataclasses import asdict

import click

from footprint.cli.options import DEFAULT_MARK, json_option, rules_option
from footprint.cli.terminal import note, print_json, say_wrapped


@click.command("gate")
@click.argument("recordings", nargs=-1, required=True, metavar="RECORDING…")
@click.option(
    "--budget",
    "budgets",
    multiple=True,
    required=True,
    metavar="METRIC<=NUMBER",
    help="A limit, such as 'flatviews.alive<=4'. Repeatable.",
)
@click.option("--mark", metavar="NAME", help=f"Judge at this mark. Default: {DEFAULT_MARK}.")
@rules_option("Judge only the runs under these rule sets. Default: every run.")
@json_option
def command(
    recordings: tuple[str, ...], budgets: tuple[str, ...], mark: str | None, rules: tuple[str, ...], *, as_json: bool
) -> None:
    """Check each RECORDING against budgets.

    A RECORDING is a file, a folder with a recording.json, NAME for reports/NAME, or a capture. Prints one
    sentence for each budget and run. Exits 0 when every budget holds in every run, 1 when one does not, and 2
    when there was nothing to judge.

    \b
    footprint gate power8 --budget 'flatviews.alive<=4' -r v7.2.0
    footprint gate reports/power8 --budget 'modelled.resident.peak<=7GiB'
    """
    from footprint.gate.budget import Budget, judge
    from footprint.record.find import find_recording

    limits = [Budget.parse(text, mark) for text in budgets]
    verdicts = [verdict for word in recordings for verdict in judge(find_recording(word, rules), limits, rules)]
    broken = [verdict for verdict in verdicts if not verdict.holds]
    if as_json:
        print_json({"holds": not broken, "verdicts": [asdict(verdict) for verdict in verdicts]})
    else:
        for verdict in verdicts:
            text = f"{'ok  ' if verdict.holds else 'FAIL'}  {verdict.sentence}"
            say_wrapped(text, hang="      ", colour=None if verdict.holds else "red")
        note(f"{len(verdicts) - len(broken)} of {len(verdicts)} budget checks passed")
    click.get_current_context().exit(1 if broken else 0)
