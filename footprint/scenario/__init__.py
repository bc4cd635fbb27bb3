"""What a scenario's script needs: the decorator, parameters, published figures and the steps."""

from footprint.memory.followers import KvmSlots, VhostTable
from footprint.recording.model import Published
from footprint.scenario.scenario import Param, Scenario, scenario
from footprint.scenario.steps import (
    Boot,
    Build,
    Commit,
    Destroy,
    EnableBusMaster,
    Listen,
    LoadFlash,
    MapPages,
    Mark,
    Plug,
    Read,
    Replay,
    Restore,
    Settle,
    ShowSlots,
    Step,
    Unplug,
)

__all__ = [
    "Boot",
    "Build",
    "Commit",
    "Destroy",
    "EnableBusMaster",
    "KvmSlots",
    "Listen",
    "LoadFlash",
    "MapPages",
    "Mark",
    "Param",
    "Plug",
    "Published",
    "Read",
    "Replay",
    "Restore",
    "Scenario",
    "Settle",
    "ShowSlots",
    "Step",
    "Unplug",
    "VhostTable",
    "scenario",
]
