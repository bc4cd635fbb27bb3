"""A real QEMU of the distribution as ground truth: the guest of a Topology, and where the model differs from it."""

from __future__ import annotations

import time

from footprint.backends.model import ModelBackend
from footprint.guest.arguments import QEMU, arguments
from footprint.guest.guest import Guest
from footprint.guest.process import PACKAGES
from footprint.memory.census import census
from footprint.memory.rules import HISTORY
from footprint.qemu.flat import read_flat
from footprint.qemu.lines import Source
from footprint.steps import Boot, Build, Settle
from footprint.verify.difference import Style, difference

LONGEST_PAUSE, LONGEST_WAIT = 2.5, 12
"""Seconds without a new view: firmware itself pauses for two, and for longer between two network boots."""


def program_of(topology, need):
    """The path of the QEMU that has this machine, if `need` finds it."""
    name = QEMU[topology.machine]
    return need(name, PACKAGES[name.removeprefix("qemu-system-")])


def running(program, topology, *, plugs=False):
    """A real guest like `topology`, stopped before its firmware runs; `plugs`: devices will come and go."""
    return Guest([program, *arguments(topology, plugs=plugs)])


def created(guest):
    """Views that the guest created so far."""
    return guest.trace.read().created


def boot(guest, expected, limit=60):
    """Let the firmware run until it makes no more views, and stop it; sooner where `expected` are made.

    ``Guest.boot`` ends after a quiet that is too short for firmware that tries two network boots.
    """
    guest.monitor.execute("cont")
    seen, since, started = created(guest), time.monotonic(), time.monotonic()
    while time.monotonic() - started < limit:
        time.sleep(0.1)
        if created(guest) != seen:
            seen, since = created(guest), time.monotonic()
        if time.monotonic() - since > (LONGEST_PAUSE if seen == expected else LONGEST_WAIT):
            break
    guest.monitor.execute("stop")
    guest.settle()


def modelled(topology, *, firmware=False, rules="v7.2.0"):
    """The model's ledger of the same guest at the same moment."""
    backend = ModelBackend([HISTORY[rules]])
    backend.obey(Build(topology))
    if firmware:
        backend.obey(Boot())
    backend.obey(Settle())
    return backend.ledgers[0]


def differences(flat, ledger):
    """Where the views that QEMU printed and the model's differ: who shares one, ranges, sections, nodes."""
    ours = {}
    for space in ledger.spaces:
        ours.setdefault(id(ledger.view(space)), []).append(space)
    by_users = {tuple(sorted(space.name for space in spaces)): spaces[0] for spaces in ours.values()}
    text = read_flat(flat, Source("real"))
    found = []
    for view in text.views:
        users = tuple(sorted(space.name for space in view.spaces))
        space = by_users.pop(users, None)
        what = "no such view" if space is None else difference(view, ledger.view(space), Style.of(text))
        if what is not None:
            found.append((users[:3], what))
    return found + [(users[:3], "only in the model") for users in by_users]


def counts(ledger):
    """The census, by metric."""
    return census(ledger)
