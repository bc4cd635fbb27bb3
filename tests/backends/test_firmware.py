"""The firmware step, beside the views of real guests whose SeaBIOS ran (slow ones as numbers)."""

import itertools

import pytest

from footprint.machines.generic import guest
from tests.fixtures.real_qemu import VERSIONS, boot, counts, created, differences, modelled, program_of_version, running

CARDS = ["virtio-net-pci"] * 8
GUESTS = {
    "pc": guest("pc"),
    "pc with 8 virtio-net-pci and VGA": guest("pc", devices=CARDS, vga=True),
    "pc with 16 e1000 behind 2 bridges": guest("pc", devices=["e1000"] * 16, bridges=2),
    "q35": guest("q35"),
    "q35 with 8 virtio-net-pci and VGA": guest("q35", devices=CARDS, vga=True),
    "q35 with 16 e1000e in root ports": guest("q35", devices=["e1000e"] * 16, bridges=16, bridge="pcie-root-port"),
    "q35 with 4 e1000e in root ports": guest("q35", devices=["e1000e"] * 4, bridges=4, bridge="pcie-root-port"),
}


SMALL = ("pc with 8 virtio-net-pci and VGA", "q35 with 4 e1000e in root ports")


@pytest.mark.parametrize(
    ("version", "name"), [*(("7.2", name) for name in GUESTS), *itertools.product(("10.0", "11.1"), SMALL)]
)
def test_views_after_the_firmware_ran_are_those_of_the_real_guest(need, name, version):
    topology = GUESTS[name]
    program = program_of_version(version, topology, need)
    ledger = modelled(topology, firmware=True, rules=VERSIONS[version].rules)
    ours = counts(ledger)["flatviews.created"]
    with running(program, topology) as real:
        boot(real, expected=ours)
        theirs, flat = created(real), real.ask("info mtree -f -d")
    assert not differences(flat, ledger)
    # A QEMU without a log for its trace events counts none.
    assert not theirs or ours == pytest.approx(theirs, rel=0.1)


def test_112_cards_behind_4_bridges_make_as_many_views_as_the_real_guest():
    """2 341 is what the trace of a real 7.2.22 counts, with Debian's option ROMs."""
    found = counts(modelled(guest("pc", devices=["e1000"] * 112, bridges=4), firmware=True))
    assert (found["flatviews.created"], found["flatviews.alive"]) == (2341, 4)


def test_before_the_empty_view_the_views_in_use_grow_with_the_cards():
    alive = [
        counts(modelled(guest("pc", devices=["e1000"] * cards, bridges=4), firmware=True, rules="202fc01b05"))
        for cards in (4, 8)
    ]
    assert [each["flatviews.alive"] for each in alive] == [15, 19]
