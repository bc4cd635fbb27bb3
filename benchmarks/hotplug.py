"""What plugging and unplugging costs on a real q35, and what reading the views in each cycle adds.

    python benchmarks/hotplug.py [--cycles 50] [--qemu qemu-system-x86_64]

Prints, for each device, per cycle: views created, views kept, address spaces kept, bytes of RSS kept
(the slope from cycle 10 on, when the allocator has warmed up). Then the same for rtl8139 with a
monitor command in each cycle: what docs/reading.md is about.
"""

from __future__ import annotations

import argparse
import statistics

from footprint.guest.guest import Guest
from footprint.guest.plugging import Q35, Reading, Socket

DEVICES = ("virtio-net-pci", "e1000e", "rtl8139", "nec-usb-xhci")
READINGS = ("", "info mtree -o -D", "info mtree -f", "info mtree -f -d")
WARM = 10


def measure(qemu: str, driver: str, cycles: int, reading: str = "") -> list[Reading]:
    """The readings of that many cycles on a fresh guest."""
    with Guest([qemu, *Q35]) as guest:
        return list(Socket(guest, "rp0").cycle(driver, cycles, reading=reading))


def slope(readings: list[Reading]) -> float:
    """Bytes of RSS a cycle: the median of the slopes between all pairs of readings (Theil and Sen)."""
    warm = readings[WARM:]
    pairs = [(a, b) for i, a in enumerate(warm) for b in warm[i + 1 :]]
    return statistics.median((b.resident - a.resident) / (b.cycles - a.cycles) for a, b in pairs)


def row(name: str, readings: list[Reading]) -> str:
    """A line of the table."""
    first, last = readings[1], readings[-1]
    cycles = last.cycles - first.cycles
    created = (last.created - first.created) / cycles
    kept = (last.allocated - first.allocated) / cycles
    spaces = (last.address_spaces - first.address_spaces) / cycles
    return f"{name:<34} {created:8.2f} {kept:8.2f} {spaces:8.2f} {slope(readings):12,.0f}"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cycles", type=int, default=50)
    parser.add_argument("--qemu", default="qemu-system-x86_64")
    options = parser.parse_args()
    print(f"{'per cycle':<34} {'created':>8} {'kept':>8} {'spaces':>8} {'RSS':>12}")
    for driver in DEVICES:
        print(row(driver, measure(options.qemu, driver, options.cycles)), flush=True)
    for reading in READINGS:
        name = f"rtl8139, {reading or 'nothing read'}"
        print(row(name, measure(options.qemu, "rtl8139", options.cycles, reading)), flush=True)


if __name__ == "__main__":
    main()
