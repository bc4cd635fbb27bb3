"""A scenario that plugs a card into each cycle, and never takes one out."""

from footprint.machines.generic import guest
from footprint.machines.topology import Device
from footprint.scenario import Build, Mark, Param, Plug, Settle, scenario


@scenario("Is what is plugged in ever taken out?", params=(Param("cycles", 5, "how often", least=1, most=20),))
def forgets(p):
    yield Build(guest("pc"))
    for cycle in range(1, p.cycles + 1):
        yield Plug(Device("e1000", f"card{cycle}", "pci.0", 3 + cycle))
        yield Settle()
        yield Mark("after", cycle)
