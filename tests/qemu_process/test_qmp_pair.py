"""Pairs of commands: each has had its effect before the next is given, and what is refused is told."""

import pytest

from footprint.errors import MeasurementError
from footprint.machines.generic import guest as guest_of
from footprint.qemu_process.guest import Guest
from footprint.qemu_process.hotplug import Q35, Socket
from footprint.qemu_process.monitor import RefusedError
from footprint.qemu_process.qmp_pair import Talk, read_commands
from tests.fixtures.real_qemu import program_of_version

DISK = """[{"execute": "blockdev-add", "arguments": {"driver": "null-co", "node-name": "d"}},
{"execute": "device_add", "arguments": {"driver": "virtio-blk-pci", "id": "v", "drive": "d", "bus": "rp0"}},
{"execute": "device_del", "arguments": {"id": "v"}}, {"execute": "blockdev-del", "arguments": {"node-name": "d"}}]"""


@pytest.mark.parametrize("version", ["7.2", "10.0", "11.1"])
def test_a_device_lets_go_of_its_disk_before_that_is_taken_away(need, version):
    with Guest([program_of_version(version, guest_of("q35"), need), *Q35]) as guest:
        talk = Talk(guest)
        for _ in range(5):
            talk.give(read_commands(DISK, "--do"))
        assert guest.monitor.execute("query-named-block-nodes") == []
        with pytest.raises(RefusedError, match="refuses 'blockdev-del'"):
            talk.give(read_commands('{"execute": "blockdev-del", "arguments": {"node-name": "d"}}', "--undo"))


def test_what_is_refused_is_told_without_warnings_of_the_start(need):
    qemu = program_of_version("11.1", guest_of("q35"), need)
    monitor = ("-chardev", "null,id=c", "-mon", "chardev=c,mode=control")
    with Guest([qemu, *Q35, *monitor]) as guest:
        assert "is deprecated" in guest.process.words
        with pytest.raises(MeasurementError) as error:
            Socket(guest, "rp0").plug("floppy-of-no-kind")
    assert str(error.value).endswith("refuses 'device_add': 'floppy-of-no-kind' is not a valid device model name")
