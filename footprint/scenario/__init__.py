"""What a scenario's script needs: the decorator, parameters, published figures and the steps."""

from footprint.recording.model import Published
from footprint.scenario.scenario import Param, Scenario, scenario
from footprint.scenario.steps import (
    Boot,
    Build,
    Commit,
    Destroy,
    EnableBusMaster,
    Mark,
    Plug,
    Read,
    Replay,
    Restore,
    Settle,
    Step,
    Unplug,
)

__all__ = [
    "Boot",
    "Build",
    "Commit",
    "Destroy",
    "EnableBusMaster",
    "Mark",
    "Param",
    "Plug",
    "Published",
    "Read",
    "Replay",
    "Restore",
    "Scenario",
    "Settle",
    "Step",
    "Unplug",
    "scenario",
]
