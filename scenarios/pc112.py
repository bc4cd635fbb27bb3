"""pc112: the second published guest of the 2017 FlatView series.

Question: an x86 guest with 112 devices that are not virtio had 4 views in use and made about 2000 while it started.
Do ours, once the firmware has placed every BAR and enabled every bus master?
"""

from footprint.machines.generic import guest
from footprint.recording import Published
from footprint.scenario import Param, scenario
from footprint.scenario.startup import ALIVE, CREATED, notes, start_up
from footprint.units import count_text, times_text

SOURCE = "the 2017 FlatView series, on 112 devices that are not virtio"


def published(p):
    """What the series printed of 112 such devices. Its guest had 7 bridges and an older machine; ours is 7.2's."""
    if (p.nics, p.bridges, p.firmware) != (112, 4, 1):
        return ()
    return (
        Published("flatviews.alive", "v2.11.0", 4, SOURCE, exact=True, mark="booted"),
        Published("flatviews.created", "v2.11.0", 2000, SOURCE, mark="booted"),
    )


def answer(recording):
    """How many views are in use and were created under the newest rule set, since which, and how many before."""
    read = [(run.rules, sample.metrics) for run in recording.runs if (sample := run.sample()) is not None]
    told = [(rules, figures) for rules, figures in read if ALIVE in figures and CREATED in figures]
    if not told:
        return ""
    (oldest, before), (newest, now) = told[0], told[-1]
    alive, created = count_text(now[ALIVE]), count_text(now[CREATED])
    if before[CREATED] <= now[CREATED]:
        return f"{alive} views are in use under {newest}, and {created} were created while the guest started."
    since = next(rules for rules, figures in told if figures[ALIVE] == now[ALIVE])
    return (
        f"{alive} views in use since {since}, where {oldest} has {count_text(before[ALIVE])}; {created} are created "
        f"while the guest starts instead of {count_text(before[CREATED])}, "
        f"{times_text(before[CREATED], now[CREATED])} times fewer."
    )


@scenario(
    "112 e1000 behind 4 bridges on a PC, firmware included: how many views, under which rules?",
    params=(
        Param("nics", 112, "e1000 cards", most=1024),
        Param("bridges", 4, "PCI bridges on the root bus"),
        Param("cpus", 1, "CPUs", least=1, most=255),
        Param("firmware", 1, "1: let the firmware run as well", most=1),
    ),
    rules=("v2.10.0", "202fc01b05", "e673ba9af9", "092aa2fc65", "v2.11.0", "v7.2.0"),
    answer=answer,
    notes=lambda p: notes("pc", firmware=p.firmware),
    published=published,
)
def pc112(p):
    """Start the guest, let SeaBIOS run, take the guest down."""
    machine = guest("pc", cpus=p.cpus, devices=("e1000",) * p.nics, bridges=p.bridges)
    yield from start_up(machine, firmware=p.firmware)
