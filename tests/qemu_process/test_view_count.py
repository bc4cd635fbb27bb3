"""Views of a QEMU that runs already, counted by gdb."""

import shutil

import pytest

from footprint.errors import MeasurementError
from footprint.machines.generic import guest as guest_of
from footprint.process.child import Child
from footprint.qemu_process.guest import Guest
from footprint.qemu_process.hotplug import Q35, Socket
from footprint.qemu_process.view_count import ViewCount
from tests.fixtures.real_qemu import program_of_version

MACHINE = guest_of("q35")


def cycled(guest, times, reading=""):
    """Plug and unplug a card that often, once with all that QEMU puts off done."""
    for _ in Socket(guest, "rp0").cycle("e1000", times, reading=reading):
        pass
    guest.drain()


@pytest.mark.parametrize("version", ["7.2", "10.0"])
def test_gdb_counts_what_trace_events_tell(need, version):
    need("gdb", "gdb")
    with Guest([program_of_version(version, MACHINE, need), *Q35]) as guest:
        counted = ViewCount(guest.pid, "QEMU")
        before = guest.settle()
        created, freed = before.created, before.freed
        cycled(guest, 4)
        life = guest.settle()
        assert counted.read() == (life.created - created, life.freed - freed)
        assert counted.read()[0] == 12
        counted.close()
        cycled(guest, 1)
        assert guest.process.is_alive
        assert guest.settle().created - created == 15


def test_a_view_that_reading_pins_is_seen_where_no_trace_events_are(need):
    need("gdb", "gdb")
    with Guest([program_of_version("11.1", MACHINE, need), *Q35]) as guest:
        assert (guest.views.allocated, guest.views.channel) == (None, "")
        guest.views.follow()
        assert guest.views.channel == "gdb (breakpoints)"
        cycled(guest, 3)
        clean = guest.views.allocated
        cycled(guest, 3)
        assert guest.views.allocated == clean
        cycled(guest, 4, reading="info mtree -f")
        assert guest.views.allocated > clean


def test_a_process_without_views_is_told_as_that(need):
    need("gdb", "gdb")
    with Child([shutil.which("sleep"), "100"]) as other, pytest.raises(MeasurementError) as error:
        ViewCount(other.pid, "sleep")
    assert "the views of sleep cannot be counted: it does not export address_space_dispatch_new" in str(error.value)
