"""The sharing of 967dc9b119 as first posted in September 2017 (v2), which kept a list of views.

Two spaces share when their unaliased roots are the same region, or are both disabled. The list is
searched from its head for each space at each rebuild; the table that the reviewer asked for looks up once.
"""

from footprint.memory.roots import ShareByRoot

DISABLED = "disabled"


class Pairwise(ShareByRoot):
    """Keep a list of views, and compare in pairs."""

    base = "967dc9b119"

    def __init__(self):
        self.comparisons = 0
        self.lookups = 0

    def identity(self, region):
        """The unaliased root; all that are disabled are one."""
        return region if region.enabled else DISABLED

    def committed(self, order):
        """Each space is compared with the views on the list until one fits; a new view goes to the end."""
        places = {}
        for identity in order:
            if identity in places:
                self.comparisons += places[identity] + 1
            else:
                self.comparisons += len(places)
                places[identity] = len(places)
        self.lookups += len(order)

    def counts(self):
        """Comparisons of the list, look-ups of a table."""
        return {"comparisons": self.comparisons, "lookups": self.lookups}
