"""How large the largest pages are, and how long a browser takes to show them.

    python benchmarks/report_pages.py            # needs playwright and Debian's chromium

Three pages, each made by the commands that a user types: `power8` under every rule set, a machine of 10 000 regions
(a text as `info mtree` prints it), and a sweep of 500 points. A page is opened in a fresh tab each time; it is open
when the load event has been handled and the first picture has been painted. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

SPACES, REGIONS = 4, 2_500
"""A view holds at most 4 096 ranges: 10 000 regions stand in four address spaces."""
PAINTED = "() => new Promise(done => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))"


def machine() -> str:
    """The memory tree of a machine of many regions."""
    blocks = []
    for space in range(SPACES):
        rows = [f"address-space: s{space}", f"  {0:016x}-{(1 << 64) - 1:016x} (prio 0, i/o): root{space}"]
        for n in range(REGIONS):
            rows.append(f"    {n << 16:016x}-{(n << 16) + 0xFFF:016x} (prio 0, i/o): device{space}-{n}")
        blocks.append("\n".join(rows))
    return "(qemu) info mtree\n" + "\n\n".join(blocks) + "\n"


def footprint(folder: Path, *words: str) -> float:
    """The CPU seconds of a call."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "footprint", *words], cwd=folder, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def pages(folder: Path) -> dict[str, tuple[Path, float]]:
    """By what they show: the pages, and the CPU seconds that making them took."""
    (folder / "machine.txt").write_text(machine())
    footprint(folder, "run", "power8", "-o", "power8", "--no-report")
    sweep = ("sweep", "power8", "-g", "nics=1..250", "-s", "cpus=1", "-r", "v2.11.0", "-r", "v7.2.0", "-o", "sweep")
    return {
        "power8, every rule set": (folder / "power8.html", footprint(folder, "report", "power8", "-o", "power8.html")),
        f"a machine of {SPACES * REGIONS:,} regions".replace(",", " "): (
            folder / "machine/index.html", footprint(folder, "run", "machine.txt", "-o", "machine"),
        ),
        "a sweep of 500 points": (folder / "sweep/index.html", footprint(folder, *sweep)),
    }  # fmt: skip


def opened(browser: Browser, path: Path) -> float:
    """Milliseconds until the page can be read."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.goto(path.as_uri(), wait_until="load")
    milliseconds = float(tab.evaluate(PAINTED))
    tab.close()
    return milliseconds


def main() -> None:
    """Make the pages, open each several times, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=5)
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        made = pages(Path(name))
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        print("| page | KiB | CPU s to make | opens in ms, median | longest |\n|---|---:|---:|---:|---:|")
        for what, (path, seconds) in made.items():
            taken = [opened(browser, path) for _ in range(times)]
            size = path.stat().st_size / 1024
            print(f"| {what} | {size:.0f} | {seconds:.1f} | {statistics.median(taken):.0f} | {max(taken):.0f} |")
        browser.close()


if __name__ == "__main__":
    main()
