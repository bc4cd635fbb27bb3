"""``footprint list``: what there is."""

from __future__ import annotations

from typing import Any

import click

from footprint.cli.options import json_option, print_json, print_table

KINDS = ("scenarios", "rules", "machines", "devices", "backends", "probes", "metrics")


@click.command("list")
@click.argument("kind", default="scenarios")
@json_option
def command(kind: str, *, as_json: bool) -> None:
    """List KIND: scenarios (the default), rules, machines, devices, backends, probes or metrics."""
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
        columns = list(rows[0]) if rows else ["name"]
        print_table(kind, columns, [[str(row[column]) for column in columns] for row in rows], words=columns)


def _scenarios() -> list[dict[str, Any]]:
    from footprint.scenario.find import built_in, features_of, find

    return [features_of(find(name)) for name in built_in()]


def _rules() -> list[dict[str, Any]]:
    from footprint.memory.rules import HISTORY

    return [
        {"name": one.name, "since": one.since, "what": one.what, "features": one.features.as_text()}
        for one in HISTORY.values()
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

    from footprint.qemu_process.command_line import QEMU

    missing = [program for program in dict.fromkeys(QEMU.values()) if shutil.which(program) is None]
    return [
        {"name": "model", "what": "the memory core in this process, exact", "available": "yes"},
        {
            "name": "qemu",
            "what": "a real QEMU process, any binary (--qemu PATH)",
            "available": f"not installed: {', '.join(missing)}" if missing else "yes",
        },
    ]


def _probes() -> list[dict[str, Any]]:
    from footprint.probes.census import CensusProbe
    from footprint.probes.process import ProcessProbe
    from footprint.probes.sized import SizedProbe
    from footprint.probes.traced import TracedProbe

    return [
        {"name": probe.name, "what": probe.what, "when": "when asked, in a child" if probe.intrusive else "always"}
        for probe in (CensusProbe, ProcessProbe, TracedProbe, SizedProbe)
    ]


def _metrics() -> list[dict[str, Any]]:
    from footprint.recording.metrics import METRICS

    return [
        {
            "name": one.name,
            "unit": one.unit,
            "kind": one.kind,
            "better": one.better,
            "probe": one.probe,
            "what": one.what,
        }
        for one in METRICS.values()
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
    for row in rows:
        click.echo(f"{row['name']}: {row['question']}")
        for param in row["params"]:
            given = f"{param['name']}={param['default']}"
            click.echo(f"    -s {given:<22} {param['what']} ({param['valid']})")
        click.echo(f"    rules: {', '.join(row['rules'])}")


def _print_rules(rows: list[dict[str, Any]]) -> None:
    """Every rule set with its whole feature vector; what changed against the row before stands first."""
    before: dict[str, str] = {}
    for row in rows:
        features = row["features"]
        changed = [f"{name}={value}" for name, value in features.items() if before.get(name) != value]
        same = [f"{name}={value}" for name, value in features.items() if before.get(name) == value]
        click.echo(f"{row['name']:<18} {row['what']}")
        if before:
            click.echo(f"    changed: {', '.join(changed) or 'nothing'}")
        click.echo(f"    {'all' if not before else 'same'}: {', '.join(same or changed)}")
        before = features
