"""Plugging and unplugging in a real, stopped guest: what comes back, and what reading keeps."""

import re
import shlex

import pytest

from footprint.errors import MeasurementError
from footprint.qemu_process.guest import Guest
from footprint.qemu_process.hotplug import BACKENDS, Q35, Socket, cycle_backend
from tests.conftest import ROOT


@pytest.fixture
def socket(x86_64):
    with Guest([x86_64, *Q35]) as guest:
        yield Socket(guest, "rp0")


@pytest.mark.parametrize(
    ("driver", "views"), [("virtio-net-pci", 39), ("e1000e", 15), ("rtl8139", 3), ("nec-usb-xhci", 51)]
)
def test_every_view_and_space_comes_back_after_unplugging(socket, driver, views):
    before, *after = socket.cycle(driver, 3)
    assert [one.created - before.created for one in after] == [views, 2 * views, 3 * views]
    assert {one.allocated for one in after} == {before.allocated}
    assert {one.address_spaces for one in after} == {before.address_spaces}


def test_a_card_on_pseries_comes_back_too(ppc64):
    with Guest([ppc64, "-M", "pseries", "-cpu", "POWER8", "-nodefaults"]) as guest:
        before, *after = Socket(guest, "pci.0").cycle("virtio-net-pci", 3)
    assert after[-1].created > before.created
    assert (after[-1].allocated, after[-1].address_spaces) == (before.allocated, before.address_spaces)


@pytest.mark.parametrize("kind", BACKENDS)
def test_backends_come_and_go_without_a_view(socket, kind):
    before, *after = cycle_backend(socket.guest, kind, 3)
    assert {(one.created, one.allocated, one.address_spaces) for one in after} == {
        (before.created, before.allocated, before.address_spaces)
    }


@pytest.mark.parametrize(
    ("reading", "kept"), [("info mtree", 0), ("info mtree -o -D", 0), ("info mtree -f", 1), ("info mtree -f -d", 1)]
)
def test_reading_the_views_in_each_cycle_keeps_one_more_each_time(socket, reading, kept):
    before, *after = socket.cycle("rtl8139", 4, reading=reading)
    assert [one.allocated - before.allocated for one in after] == [kept * one.cycles for one in after]


def test_a_device_that_qemu_refuses_is_told(socket):
    with pytest.raises(MeasurementError, match=r"refuses 'device_add'.*nonesuch"):
        socket.plug("nonesuch")


def test_a_device_that_stays_is_given_up_in_time(x86_64):
    # Without native hot-plug a stopped guest would have to agree.
    with Guest([x86_64, "-M", "pc", "-nodefaults"]) as guest:
        socket = Socket(guest, "pci.0")
        socket.plug("e1000")
        with pytest.raises(MeasurementError, match=r"still there 0\.2 s after"):
            socket.unplug(seconds=0.2)


def test_the_command_in_the_docs_works(footprint, x86_64):
    (line,) = re.findall(r"```sh\n(.*)\n```", (ROOT / "docs" / "reading.md").read_text())
    done = footprint(*shlex.split(line)[1:])
    assert done.returncode == 0, done.stderr
    assert footprint("gate", "reports/hotplug", "--mark", "unplugged", "--budget", "flatviews.alive<=4").returncode == 0
