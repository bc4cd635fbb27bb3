"""``footprint list``: scenarios, rule sets, machines, devices, backends, probes and metrics."""

from __future__ import annotations

from typing import Any

import click

from footprint.cli.options import json_option
from footprint.cli.table import Column, print_table
from footprint.cli.terminal import print_json, say, say_wrapped

KINDS = ("scenarios", "rules", "machines", "devices", "backends", "probes", "metrics")


@click.command("list")
@click.argument("kind", default="scenarios", metavar="[KIND]")
@json_option
def command(kind: str, *, as_json: bool) -> None:
    """List everything of one KIND.

    KIND is scenarios (the default), rules, machines, devices, backends, probes or metrics.

    \b
    footprint list rules
    footprint list metrics
    """
    from footprint.errors import UnknownNameError

    if kind not in KINDS:
        raise UnknownNameError("kind", kind, KINDS)
    rows = _ROWS[kind]()
    if as_json:
        print_json({kind: rows})
    elif kind == "scenarios":
        _print_scenarios(rows)
    elif kind == "rules":
        _print_rules(rows)
    else:
        names = [*(name for name in rows[0] if name not in _PROSE), *(name for name in rows[0] if name in _PROSE)]
        columns = [Column(name, "prose" if name in _PROSE else "name", _EXTRA.get(name, 0)) for name in names]
        print_table([kind], columns, [[str(row[name]) for name in names] for row in rows])


_PROSE = ("what", "when", "available")
"""Columns of sentences, which are shown last and wrapped."""
_EXTRA = {"kind": 1, "probe": 2, "better": 3}
"""Columns that go first where room is short, the largest number before the others."""


def _scenarios() -> list[dict[str, Any]]:
    from footprint.scenario.find import built_in, features_of, find

    return [features_of(find(name)) for name in built_in()]


def _rules() -> list[dict[str, Any]]:
    from footprint.memory.rules import HISTORY

    return [
        {"name": rules.name, "since": rules.since, "what": rules.what, "features": rules.features.as_text()}
        for rules in HISTORY.values()
    ]


def _machines() -> list[dict[str, Any]]:
    from footprint.machines.eras import ERAS
    from footprint.machines.machine_types import MACHINE_TYPES

    order = list(ERAS)
    return [
        {"name": row.name, "what": row.what, "as of QEMU": ", ".join(order[order.index(row.eras[0].name) :])}
        for row in MACHINE_TYPES.values()
    ]


def _devices() -> list[dict[str, Any]]:
    from footprint.machines.catalogue import CATALOGUE

    return [{"name": row.name, "what": row.what} for row in CATALOGUE.values()]


def _backends() -> list[dict[str, Any]]:
    import shutil
    from importlib.util import find_spec

    from footprint.install import install_command
    from footprint.qemu_process.command_line import QEMU

    missing = [program for program in dict.fromkeys(QEMU.values()) if shutil.which(program) is None]
    return [
        {"name": "model", "what": "the model of QEMU's memory core: exact counts", "available": "yes"},
        {
            "name": "qemu",
            "what": "a real QEMU process, of any version (--qemu PATH)",
            "available": f"not installed: {', '.join(missing)}" if missing else "yes",
        },
        {"name": "processes", "what": "real processes that load a flash image (pflash)", "available": "yes"},
        {
            "name": "unicorn",
            "what": "real engines of the installed unicorn wheel (unicorn_maps)",
            "available": "yes" if find_spec("unicorn") else f"not installed; {install_command('unicorn')}",
        },
    ]


def _probes() -> list[dict[str, Any]]:
    from footprint.probes.census import CensusProbe
    from footprint.probes.lookups import LookupProbe
    from footprint.probes.process import ProcessProbe
    from footprint.probes.sized import SizedProbe
    from footprint.probes.traced import TracedProbe

    always = (CensusProbe, ProcessProbe)
    return [
        {
            "name": probe.name,
            "what": probe.what,
            "when": "always" if probe in always else "with --probe",
        }
        for probe in (*always, LookupProbe, TracedProbe, SizedProbe)
    ]


def _metrics() -> list[dict[str, Any]]:
    from footprint.recording.metrics import METRICS

    return [
        {
            "name": metric.name,
            "unit": metric.unit,
            "kind": metric.kind,
            "better": metric.better,
            "probe": metric.probe,
            "what": metric.what,
        }
        for metric in METRICS.values()
    ]


_ROWS = {
    "scenarios": _scenarios,
    "rules": _rules,
    "machines": _machines,
    "devices": _devices,
    "backends": _backends,
    "probes": _probes,
    "metrics": _metrics,
}


def _print_scenarios(rows: list[dict[str, Any]]) -> None:
    for n, row in enumerate(rows):
        if n:
            say()
        say_wrapped(f"{row['name']}: {row['question']}")
        for param in row["params"]:
            given = f"{param['name']}={param['default']}"
            valid = str(param["valid"]).replace("|", " | ")
            say_wrapped(f"    -s {given:<22} {param['what']} ({valid})", hang=" " * 30)
        say_wrapped(f"    rules: {', '.join(row['rules'])}", hang=" " * 11)


def _print_rules(rows: list[dict[str, Any]]) -> None:
    """Every rule set with its whole feature vector; what changed against the row before stands first."""
    before: dict[str, str] = {}
    for row in rows:
        features = row["features"]
        changed = [f"{name}={value}" for name, value in features.items() if before.get(name) != value]
        same = [f"{name}={value}" for name, value in features.items() if before.get(name) == value]
        say_wrapped(f"{row['name']:<18} {row['what']}", hang=" " * 19)
        if before:
            say_wrapped(f"    changed: {', '.join(changed) or 'nothing'}", hang=" " * 13)
        label = "same:" if before else "all:"
        say_wrapped(f"    {label:<9}{', '.join(same or changed)}", hang=" " * 13)
        before = features
