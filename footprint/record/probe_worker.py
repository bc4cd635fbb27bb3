"""A child process that reads one intrusive probe: ``python -m footprint.record.probe_worker``.

The task comes as JSON on stdin; the readings go as JSON to stdout: ``[[mark, cycle, metrics], …]``.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from footprint.backends.backend import play
from footprint.backends.model import ModelBackend
from footprint.probes.sized import SizedProbe
from footprint.probes.traced import TracedProbe
from footprint.scenario.custom_rules import find_rules
from footprint.scenario.find import find

PROBES = {probe.name: probe for probe in (TracedProbe, SizedProbe)}


def read(task: dict[str, Any]) -> list[tuple[str, int, dict[str, int]]]:
    """Play the task's scenario under its one rule set; what its probe read at each mark."""
    scenario = find(task["source"])
    probe = PROBES[task["probe"]]()
    backend = ModelBackend([find_rules(task["rules"])], host_page=task["values"]["host_page"])
    return [
        (reached.mark.name, reached.mark.cycle, probe.read(backend.ledgers[0]))
        for reached in play(scenario, task["values"], backend)
    ]


if __name__ == "__main__":
    json.dump(read(json.load(sys.stdin)), sys.stdout)
