"""What axe-core finds on the pages: nothing serious, at three widths, in the light and in the dark; nothing is cut."""

import pytest

from footprint.report.page import render

from .made import history
from .test_answers import recorded

pytestmark = pytest.mark.browser

PAGES = {
    "several recordings": lambda: [recorded("hotplug", "v2.10.0", "v7.2.0,release=off", machine="virt"), history()],
    "power8": lambda: [recorded("power8", "v2.10.0", "v11.1.0")],
    "one rule set": lambda: [recorded("pc", "v7.2.0", devices="2xvirtio-net-pci+1xnvme", vga="std", firmware="1")],
}
EVERYWHERE = [(width, scheme) for width in (360, 1024, 1920) for scheme in ("light", "dark")]
WINDOWS = [("several recordings", *window) for window in EVERYWHERE]
WINDOWS += [(name, *window) for name in ("power8", "one rule set") for window in ((360, "dark"), (1024, "light"))]

SERIOUS = (
    "async () => (await axe.run({exclude: [['tbody tr:nth-child(n+4)'], ['svg *']]}, {resultTypes: ['violations']}))"
    ".violations.filter(found => ['serious', 'critical'].includes(found.impact))"
    ".map(found => found.id + ': ' + found.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(' | '))"
)
CUT = """() => {
  const seen = document.documentElement.clientWidth;
  const reaches = [...document.querySelectorAll('main *')].filter(element => {
    const box = element.getBoundingClientRect();
    return box.width && box.right > seen + 1 && !element.closest('.wide') && !element.closest('.unseen');
  });
  const tables = [...document.querySelectorAll('.wide')].filter(frame =>
    frame.getClientRects().length && getComputedStyle(frame).overflowX !== 'auto');
  return [...reaches, ...tables].slice(0, 5).map(element => element.outerHTML.slice(0, 120));
}"""


@pytest.fixture(scope="module")
def page_files(tmp_path_factory):
    """A function that gives the file of a page, made once."""
    folder, made = tmp_path_factory.mktemp("pages"), {}

    def path_of(name):
        if name not in made:
            made[name] = folder / f"{len(made)}.html"
            made[name].write_text(render(PAGES[name]()), encoding="utf-8")
        return made[name]

    return path_of


@pytest.mark.parametrize(("name", "width", "scheme"), WINDOWS)
def test_a_page_has_no_serious_fault_and_nothing_is_cut(chromium, axe, page_files, name, width, scheme):
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"file://{page_files(name)}")
    page.evaluate(axe)
    # What is folded has the same looks; opened it is judged where that is cheap.
    faults = page.evaluate(SERIOUS) if name != "one rule set" else []
    page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    faults += page.evaluate(SERIOUS) if name == "one rule set" else []
    cut = page.evaluate(CUT)
    context.close()
    assert faults == []
    assert cut == []
    assert len(asked) == 1
