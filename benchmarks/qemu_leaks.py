"""How often the verdict on devices of real QEMUs is right: every known row, again and again, one QEMU at a time.

    python benchmarks/qemu_leaks.py --runs 20 --clean 100 7.2=/usr/bin 10.0=/srv/qemu-10/bin 11.1=/srv/qemu-11/bin

A row is a device with the bytes that a cycle leaves, as they were measured otherwise: by `mallinfo2` from within, over
120 cycles. A run is wrong when its verdict is, or when its rate is off by more than 2 % and 16 bytes. Each version is
the folder of its programs. Prints a table in Markdown; progress goes to stderr.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time

XHCI, HDA = ("nec-usb-xhci", "qemu-xhci"), ("intel-hda", "ich9-intel-hda")
ROWS = {
    **{device: {"7.2": 2_946_886, "10.0": 0, "11.1": 0} for device in XHCI},
    "nvme": {"7.2": 0, "10.0": 14_342, "11.1": 14_363},
    **{device: {"7.2": 14_580, "10.0": 10_591, "11.1": 0} for device in HDA},
    "cxl-upstream": {"7.2": 2_138_065, "10.0": 4_497_977, "11.1": 2_097_182},
    "pcie-pci-bridge": {"7.2": 1_054, "10.0": 1_057, "11.1": 1_055},
    "usb-ehci": {"7.2": 210, "10.0": 210, "11.1": 215},
}
CLEAN = (
    "e1000", "e1000e", "rtl8139", "vmxnet3", "virtio-net-pci", "virtio-blk-pci", "virtio-scsi-pci",
    "virtio-balloon-pci", "virtio-rng-pci", "virtio-serial-pci", "edu", "pc-dimm",
)  # fmt: skip


def measured(program: str, device: str) -> tuple[str, float, float]:
    """The verdict, the bytes per cycle and the seconds of one run."""
    begun = time.monotonic()
    words = [sys.executable, "-m", "footprint", "leaks", f"qemu:{device}", "--qemu", program, "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    seconds = time.monotonic() - begun
    if not done.stdout:
        return f"refused ({done.stderr.strip()})", 0.0, seconds
    document = json.loads(done.stdout)
    rates = (one["per_cycle"] for one in document["findings"] if one["metric"] == "heap.bytes")
    return document["verdict"], next(rates, 0.0), seconds


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", metavar="VERSION=FOLDER")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--clean", type=int, default=100)
    given = parser.parse_args()
    programs = {
        name: f"{folder}/qemu-system-x86_64" for name, _, folder in (word.partition("=") for word in given.folders)
    }
    print("| device | QEMU | expected B | median B | right | longest s |\n|---|---|---:|---:|---:|---:|")
    for device, expected in ROWS.items():
        for version, program in programs.items():
            runs = [measured(program, device) for _ in range(given.runs)]
            wanted = expected[version]
            right = sum(
                verdict == ("leak" if wanted else "clean") and abs(rate - wanted) <= max(16, 0.02 * wanted)
                for verdict, rate, _ in runs
            )
            median, longest = statistics.median(rate for _, rate, _ in runs), max(run[2] for run in runs)
            print(
                f"| {device} | {version} | {wanted} | {median:.0f} | {right} of {len(runs)} | {longest:.1f} |",
                flush=True,
            )
    seen: dict[str, int] = {}
    for number in range(given.clean):
        device, version = CLEAN[number % len(CLEAN)], list(programs)[number // len(CLEAN) % len(programs)]
        verdict, rate, _ = measured(programs[version], device)
        seen[verdict] = seen.get(verdict, 0) + 1
        if verdict != "clean":
            print(f"{device} on {version}: {verdict}, {rate:.0f} B", file=sys.stderr)
    print(f"\nclean devices, {given.clean} runs: {seen}")


if __name__ == "__main__":
    main()
