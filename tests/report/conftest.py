import os
import shutil
import subprocess
from pathlib import Path

import pytest

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--no-first-run",
)


def missing(reason):
    """Without a browser the pages are not proven: on CI that is a failure, elsewhere a test not run."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium():
    """A real Chromium, headless."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        missing("no chromium is installed (apt-get install chromium)")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed (pip install playwright)")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """The source of axe-core, which judges a page's contrasts and labels; npm fetches it once, into the cache."""
    folder = Path(os.environ.get("FOOTPRINT_AXE") or tmp_path_factory.getbasetemp().parent / "axe")
    source = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not source.is_file():
        if shutil.which("npm") is None:
            missing("npm is not installed (apt-get install npm)")
        quiet = ("--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--silent")
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["npm", "install", *quiet, "--prefix", str(folder), "axe-core@4"],
            capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        if done.returncode or not source.is_file():
            missing(f"npm did not fetch axe-core: {done.stderr.strip() or done.stdout.strip()}")
    return source.read_text(encoding="utf-8")
