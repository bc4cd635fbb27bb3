"""Makes the pages of this folder, their screenshots and its README: ``python reports/gallery/make.py [NAME]…``.

Needs what the tests need: Chromium, QEMU 7.2's qemu-system-ppc64 and -x86_64, and QEMU 11.1 in FOOTPRINT_QEMU_11
(README, "Quick start"). Pages of real QEMUs have this machine's figures; those of the model are the same everywhere.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
QEMU_11 = Path(os.environ.get("FOOTPRINT_QEMU_11", "qemu-11"))
NEW = "NEW_QEMU"
"""Stands in a command for the folder of QEMU 11.1's programs."""
GUEST = "-s cpus=16 -s nics=16 -s bridges=4"
SERVICE = """import json

sessions = []


def load(text):
    return json.loads(text)


def request():
    sessions.append(load('{"user": "ada"}'))
"""
COLOURS = 96
WIDTH, HEIGHT = 1100, 760


@dataclass(frozen=True)
class GalleryPage:
    """A page: its name, what it shows, the commands that make it, and the file that the last one writes."""

    name: str
    shows: str
    commands: tuple[str, ...]
    made: str


PAGES = (
    GalleryPage("power8", "The guest of 2017 under twelve rule sets", ("run power8",), "reports/power8/index.html"),
    GalleryPage("pc112", "112 e1000 on a PC, firmware included", ("run pc112",), "reports/pc112/index.html"),
    GalleryPage(
        "hotplug",
        "A USB 3 controller plugged and unplugged 60 times in a real QEMU 7.2, which leaks it",
        ("run hotplug -s device=nec-usb-xhci -s bus_master=0 -s commit=0 -s cycles=60 -b qemu",),
        "reports/hotplug/index.html",
    ),
    GalleryPage("virtio_mem", "A guest with virtio-mem", ("run virtio_mem",), "reports/virtio_mem/index.html"),
    GalleryPage(
        "leak",
        "A Python function that leaks: the readings, the stack, the holder",
        ("leaks ./service.py:request -o leak.html",),
        "leak.html",
    ),
    GalleryPage(
        "model-beside-real",
        "The model beside a real QEMU 7.2",
        (
            f"run power8 {GUEST} -r v7.2.0 -o model",
            f"run power8 {GUEST} -b qemu -o real",
            "report model real -o both.html",
        ),
        "both.html",
    ),
    GalleryPage(
        "7.2-against-11.1",
        "QEMU 7.2 against 11.1: the views are back",
        (
            f"run power8 {GUEST} -b qemu -o qemu-7.2",
            f"run power8 {GUEST} -b qemu --qemu {NEW}/qemu-system-ppc64 -o qemu-11.1",
            "report qemu-7.2 qemu-11.1 -o both.html",
        ),
        "both.html",
    ),
)


def main(names: list[str]) -> None:
    """Make the pages called `names`, or all; then the README."""
    for page in PAGES:
        if not names or page.name in names:
            print(page.name, flush=True)
            make(page)
    (HERE / "README.md").write_text(readme(), encoding="utf-8")


def make(page: GalleryPage) -> None:
    """Run the commands of `page` in an empty folder, and keep its page and a screenshot."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "service.py").write_text(SERVICE, encoding="utf-8")
        for command in page.commands:
            words = [sys.executable, "-m", "footprint", *shlex.split(command.replace(NEW, str(QEMU_11)))]
            done = subprocess.run(words, cwd=folder, env=environment(), check=False, capture_output=True, text=True)
            if done.returncode not in (0, 1):
                sys.exit(f"footprint {command}: exit {done.returncode}\n{done.stderr}")
        text = (Path(folder) / page.made).read_text(encoding="utf-8")
    # Where this machine keeps another suite's QEMU is nobody's business.
    (HERE / f"{page.name}.html").write_text(text.replace(str(QEMU_11), "qemu-11.1"), encoding="utf-8")
    screenshot(HERE / f"{page.name}.html", HERE / f"{page.name}.png")


def environment() -> dict[str, str]:
    """This process's variables, with the package beside this folder to be found first, and no history kept."""
    root = str(HERE.parent.parent)
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
    return {**os.environ, "PYTHONPATH": paths, "NO_COLOR": "1"}


def screenshot(page: Path, picture: Path) -> None:
    """The first screen of `page`, in few colours, so that the file is small."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    browser_path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        tab.goto(page.resolve().as_uri(), wait_until="load")
        tab.screenshot(path=str(picture))
        browser.close()
    with Image.open(picture) as drawn:
        drawn.convert("RGB").quantize(COLOURS).save(picture, optimize=True)


def readme() -> str:
    """The pages that are there, each with its screenshot and its commands."""
    lines = ["# Gallery", "", "Made by one command, `python reports/gallery/make.py`. Open the pages in a browser.", ""]
    for page in PAGES:
        if (HERE / f"{page.name}.html").exists():
            shown = (f"footprint {command.replace(NEW, 'qemu-11.1')}" for command in page.commands)
            lines += [
                f"## {page.shows}", "", f"[![{page.shows}]({page.name}.png)]({page.name}.html)", "", "```sh", *shown,
                "```", "",
            ]  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
