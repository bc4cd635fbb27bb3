"""Writes a page of docs/findings/ for each leak that QEMU 11.1 has, from what it measures with the page's own commands.

    python benchmarks/qemu_findings.py 7.2=/usr/bin 10.0=/srv/qemu-10/bin 11.1=/srv/qemu-11/bin

What is measured stands in the table and in the answer; only why it leaks is written here. PAGES may be named after the
folders, to write only these.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "docs/findings"
COUNTED = "Counted is what malloc gave and did not get back."
VARIABLES = {"7.2": "QEMU_7", "10.0": "QEMU_10", "11.1": "QEMU_11"}
NEWEST = "11.1"


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its file's name, its `title` (the rate stands for ``{rate}``), what comes after ``footprint leaks``.

    `why` says why it leaks, `also` what else leaks so.
    """

    name: str
    title: str
    words: tuple[str, ...]
    why: str
    also: str = ""

    @property
    def cycle(self) -> str:
        """What a cycle does."""
        if self.words[0] == "qemu":
            return "each cycle gives the commands of `--do` and `--undo`"
        return "each cycle plugs the device in, takes it out again"


def of_device(device: str, title: str, why: str, also: str = "") -> Page:
    """The page of a device."""
    return Page(f"qemu-{device}", title, (f"qemu:{device}",), why, also)


def _made(job: str, options: dict[str, Any]) -> list[dict[str, Any]]:
    """What makes an image, and waits until it is there."""
    return [
        {"execute": "blockdev-create", "arguments": {"job-id": job, "options": options}},
        {"event": "JOB_STATUS_CHANGE", "data": {"id": job, "status": "concluded"}},
        {"execute": "job-dismiss", "arguments": {"id": job}},
    ]


_FILE = {"driver": "file", "filename": "snapshots.qcow2"}
SNAPSHOTS = json.dumps([
    *_made("a", {**_FILE, "size": 0}),
    {"execute": "blockdev-add", "arguments": {**_FILE, "node-name": "file"}},
    *_made("b", {"driver": "qcow2", "file": "file", "size": 64 << 20}),
    {"execute": "blockdev-add", "arguments": {"driver": "qcow2", "node-name": "disk", "file": "file"}},
])  # fmt: skip
"""Makes a disk that takes snapshots, in a file of the folder."""

PAGES = (
    of_device(
        "nvme", "nvme leaves its subsystem behind: {rate} an unplug",
        "A controller without `subsys=` makes a subsystem of its own (`nvme_init_subsys`), which QEMU puts into "
        "`/machine/unattached`. `nvme_exit` unregisters the controller, and nothing unparents the subsystem.",
    ),
    of_device(
        "cxl-upstream", "cxl-upstream keeps its DOE mailboxes: {rate} an unplug",
        "`pcie_doe_init` allocates two mailboxes of 1 MiB when the port is realized. The port's exit "
        "function takes back "
        "AER, the PCIe capability, MSI and the bridge, and not the DOE mailboxes.",
        "`cxl-type3` keeps the same two mailboxes.",
    ),
    of_device(
        "i82801b11-bridge", "i82801b11-bridge stays whole, with two address spaces: {rate} an unplug",
        "The bridge's class has a realize function that calls `pci_bridge_initfn`, and no exit function: "
        "`pci_bridge_exitfn` is never called. Its regions stay in the bus that it was plugged into and hold "
        "the object, and "
        "since v9.2.0 the two address spaces that every bridge has stay with them.",
    ),
    of_device(
        "ich9-ahci",
        "ich9-ahci keeps the interrupt lines of its ports: {rate} an unplug",
        "`ahci_realize` makes an interrupt line for each of the six ports (`qemu_allocate_irqs`). They "
        "are not freed when "
        "the controller leaves.",
    ),
    of_device(
        "pcie-pci-bridge", "pcie-pci-bridge keeps its hot-plug controller: {rate} an unplug",
        "`shpc_init` allocates the controller's state and its register images. The exit function calls "
        "`shpc_cleanup`, which "
        "takes the controller out of the bus; the memory is given back by `shpc_free`, which `pci-bridge` "
        "calls when it is "
        "finalized, and `pcie-pci-bridge` does not.",
    ),
    of_device(
        "i82550", "i82550 and its family keep a reset handler: {rate} an unplug",
        "The card's realize function registers a reset handler that is never unregistered. Up to 7.2 that is "
        "one small "
        "block; since resets are objects it is an object of type `legacy-reset`. It also means that a reset "
        "calls a handler of "
        "a card that is gone.",
        "So do the other twelve cards of the family, i82551 to i82801.",
    ),
    of_device(
        "piix4-usb-uhci", "piix4-usb-uhci keeps its interrupt line: {rate} an unplug",
        "The controller allocates its interrupt with `pci_allocate_irq`, and does not free it when it leaves.",
        "`piix3-usb-uhci` does the same.",
    ),
    of_device(
        "usb-ehci", "usb-ehci keeps its interrupt line: {rate} an unplug",
        "The controller allocates its interrupt with `pci_allocate_irq`, and does not free it when it leaves.",
    ),
    of_device(
        "secondary-vga", "secondary-vga keeps an error that nobody reads: {rate} an unplug",
        "Making the card's memory leaves an error that says why it cannot be kept across a restart of QEMU "
        "(`ram_block_add_cpr_blocker`). It is not freed with the memory.",
        "`bochs-display` does the same. Both end QEMU when they are plugged in again before the last one is freed: up "
        "to 10.0 nearly every time, in 11.1 once in some dozens of times.",
    ),
    of_device(
        "cpu", "Each CPU that is unplugged leaves TCG's context of its thread: {rate} an unplug",
        "`tcg_register_thread` makes a context for each thread of a CPU and keeps it in a table. Nothing "
        "takes it out when "
        "the thread ends. The table has as many places as the machine may have CPUs, so QEMU aborts when "
        "CPUs were plugged in "
        "as often as that.",
        "Shown on x86, whose CPUs are let go through ACPI's ports; on pseries, the same block stays.",
    ),
    Page(
        "qemu-info-mtree-f", "`info mtree -f` keeps a view: {rate} a call and change",
        (
            "qemu", "--do",
            '[{"execute": "device_add", "arguments": {"driver": "rtl8139", "id": "x", "bus": "rp0"}}, "info mtree -f"]',
            "--undo", '{"execute": "device_del", "arguments": {"id": "x"}}',
        ),
        "The command takes a reference to a view for each address space that uses it, and gives one "
        "back for each view. A "
        "view that several spaces share is never freed, so each call after a change keeps one more. Plain `info mtree` "
        "keeps nothing. docs/reading.md has more on it.",
    ),
    Page(
        "qemu-savevm", "`savevm` keeps its channel: {rate} a snapshot",
        ("qemu", "--before", SNAPSHOTS, "--do", '"savevm s"', "--undo", '"delvm s"'),
        "A snapshot is written through a channel to the block device (`qio-channel-block`), and the channel is never "
        "given back. Since 10.0 at the latest a buffer of 64 KiB stays with it.",
        "`loadvm` opens a channel, too.",
    ),
    Page(
        "qemu-chardev-pty", "A `pty` character device keeps a block: {rate} a device",
        (
            "qemu", "--do",
            '{"execute": "chardev-add", "arguments": {"id": "c", "backend": {"type": "pty", "data": {}}}}',
            "--undo", '{"execute": "chardev-remove", "arguments": {"id": "c"}}',
        ),
        "Something small that is made for each device is not freed with it. Of the three only 11.1 has this leak.",
    ),
)  # fmt: skip


def measured(program: str, page: Page) -> dict[str, Any]:
    """The document of the verdict, with the answer as people see it under ``told``; `why` it could not be where not."""
    command = [sys.executable, "-m", "footprint", "leaks", *page.words, "--qemu", program]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False, timeout=120)
    if not done.stdout:
        return {"verdict": "refused", "findings": [], "reason": done.stderr.strip()}
    document: dict[str, Any] = json.loads(done.stdout)
    environment = {**os.environ, "COLUMNS": "118", "NO_COLOR": "1"}
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environment)
    return {**document, "told": told.stdout}


def rate(document: dict[str, Any], metric: str) -> float:
    """What leaks of `metric` per cycle."""
    return next((one["per_cycle"] for one in document["findings"] if one["metric"] == metric), 0.0)


def grouped(number: float) -> str:
    """Thousands apart."""
    return f"{number:,.0f}".replace(",", " ")


def cells(document: dict[str, Any]) -> list[str]:
    """A row of the table."""
    if document["verdict"] in ("crash", "refused"):
        return [document["verdict"], "", ""]
    spaces = rate(document, "address_spaces")
    return [
        grouped(rate(document, "heap.bytes")),
        grouped(rate(document, "heap.blocks")),
        grouped(spaces) if spaces else "0",
    ]


def since(documents: dict[str, dict[str, Any]]) -> str:
    """In which of the versions it is."""
    told = []
    for version, document in documents.items():
        words = {"leak": "leaks", "clean": "is clean", "crash": document.get("reason", "").partition(":")[0]}
        told.append(f"{version} {words.get(document['verdict'], 'refuses it')}")
    return "; ".join(told) + "."


def text_of(page: Page, documents: dict[str, dict[str, Any]]) -> str:
    """The page."""
    newest = documents[NEWEST]
    amount = rate(newest, "heap.bytes")
    size = f"{amount / 2**20:.1f} MiB" if amount >= 2**20 else f"{grouped(amount)} bytes"
    fill = textwrap.TextWrapper(118, break_on_hyphens=False, break_long_words=False).fill
    told = newest["told"].rstrip().splitlines()
    told = [line for line in told if not line.startswith("  ~name:")]
    rows = "\n".join(f"| {version} | {' | '.join(cells(document))} |" for version, document in documents.items())
    commands = "\n".join(
        f"footprint leaks {shlex.join(page.words)} --qemu ${VARIABLES[version]}/qemu-system-x86_64"
        f"  # exits {0 if document['verdict'] == 'clean' else 1 if document['verdict'] in ('leak', 'crash') else 3}"
        for version, document in documents.items()
    )
    also = f"\n{fill(page.also)}\n" if page.also else ""
    return f"""# {page.title.format(rate=size)}

{fill(page.why)}
{also}
## How much, and since when

{fill(f"A machine is built and stopped; {page.cycle}, and waits until QEMU has freed what it put off. " + COUNTED)}

| QEMU | heap, bytes a cycle | blocks | address spaces |
|---|---:|---:|---:|
{rows}

{fill(since(documents))}

## Where

```text
{chr(10).join(told)}
```

A name after `~` is the nearest one that the stripped binary exports, `…` stands for frames that it does not name.

## Repeat it

{", ".join(f"`{VARIABLES[version]}`" for version in documents)} are the folders of three QEMUs; `tests/real-qemu` brings
them.

```sh
{commands}
```
"""


def main() -> None:
    """Measure, and write the pages."""
    folders = dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
    names = [word for word in sys.argv[1:] if "=" not in word]
    for page in PAGES:
        if names and page.name not in names:
            continue
        documents = {version: measured(f"{folder}/qemu-system-x86_64", page) for version, folder in folders.items()}
        (FOLDER / f"{page.name}.md").write_text(text_of(page, documents))
        print(page.name, {version: cells(document) for version, document in documents.items()}, flush=True)


if __name__ == "__main__":
    main()
