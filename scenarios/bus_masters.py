"""bus_masters: the guest's drivers let one function after the other read and write memory.

Question: what does each rule set make of it? A bus master that is off shows nothing; one that is on shows what the
CPU sees. Until functions shared a view, every one of them had its own, made anew at every commit.
"""

from footprint.machines.catalogue import CATALOGUE
from footprint.machines.generic import guest
from footprint.scenario import Build, Destroy, EnableBusMaster, Mark, Param, Settle, scenario


@scenario(
    "What does each rule set cost once the guest lets n functions read and write memory?",
    params=(
        Param("machine", "pc", "the machine", choices=("pc", "q35", "virt")),
        Param("device", "e1000", "QEMU's -device name", choices=tuple(k for k, v in CATALOGUE.items() if v.hotplug)),
        Param("functions", 28, "how many", most=1024),
        Param("bridges", 1, "PCI bridges that they stand behind"),
        Param("cpus", 1, "CPUs", least=1, most=8),
    ),
    rules=("v2.10.0", "67ace39b25", "202fc01b05", "e673ba9af9", "092aa2fc65", "v2.11.0", "v7.2.0"),
    accumulates="function",
)
def bus_masters(p):
    """Start the guest with every bus master off, then switch them on one by one."""
    yield Build(guest(p.machine, cpus=p.cpus, devices=(p.device,) * p.functions, bridges=p.bridges))
    yield Settle()
    yield Mark("built")
    for i in range(p.functions):
        yield EnableBusMaster(f"device{i}")
        yield Settle()
        yield Mark("enabled", i + 1)
    yield Destroy()
    yield Settle()
    yield Mark("destroyed")
