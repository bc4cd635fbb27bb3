"""What plugging and unplugging costs on a real q35, and what reading the views in each cycle adds.

    python benchmarks/hotplug.py [--cycles 50] [--warm 150] [--qemu qemu-system-x86_64]

Prints, for each device, per cycle: views created, views kept, address spaces kept, bytes of RSS kept
(the median slope over the cycles after the warm ones, in which the allocator finds its size). Then the
same for rtl8139 with a monitor command in each cycle: what docs/reading.md is about.
"""

from __future__ import annotations

import argparse
import statistics

from footprint.qemu_process.guest import Guest
from footprint.qemu_process.hotplug import BACKENDS, Q35, Reading, Socket, cycle_backend

DEVICES = ("virtio-net-pci", "e1000e", "rtl8139", "nec-usb-xhci")
READINGS = ("", "info mtree -o -D", "info mtree -f", "info mtree -f -d")


def measure(qemu: str, driver: str, warm: int, cycles: int, reading: str = "") -> list[Reading]:
    """The readings of that many cycles after the warm ones, on a fresh guest."""
    with Guest([qemu, *Q35]) as guest:
        return list(Socket(guest, "rp0").cycle(driver, warm + cycles, reading=reading))[warm:]


def slope(readings: list[Reading]) -> float:
    """Bytes of RSS a cycle: the median of the slopes between all pairs of readings (Theil and Sen)."""
    pairs = [(a, b) for i, a in enumerate(readings) for b in readings[i + 1 :]]
    return statistics.median((b.resident - a.resident) / (b.cycles - a.cycles) for a, b in pairs)


def row(name: str, readings: list[Reading]) -> str:
    """A line of the table."""
    first, last = readings[0], readings[-1]
    cycles = last.cycles - first.cycles
    created = (last.created - first.created) / cycles
    kept = (last.allocated - first.allocated) / cycles
    spaces = (last.address_spaces - first.address_spaces) / cycles
    return f"{name:<34} {created:8.2f} {kept:8.2f} {spaces:8.2f} {slope(readings):12,.0f}"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cycles", type=int, default=50)
    parser.add_argument("--warm", type=int, default=150)
    parser.add_argument("--qemu", default="qemu-system-x86_64")
    options = parser.parse_args()
    print(f"{'per cycle':<34} {'created':>8} {'kept':>8} {'spaces':>8} {'RSS':>12}")
    for driver in DEVICES:
        print(row(driver, measure(options.qemu, driver, options.warm, options.cycles)), flush=True)
    for kind in BACKENDS:
        with Guest([options.qemu, *Q35]) as guest:
            readings = list(cycle_backend(guest, kind, options.warm + options.cycles))
        print(row(kind, readings[options.warm :]), flush=True)
    for reading in READINGS:
        name = f"rtl8139, {reading or 'nothing read'}"
        print(row(name, measure(options.qemu, "rtl8139", options.warm, options.cycles, reading)), flush=True)


if __name__ == "__main__":
    main()
