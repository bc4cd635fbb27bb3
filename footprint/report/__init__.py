"""What shows: a page made from recordings alone.

`page.render` lays out what `page.SECTIONS` find in each recording. A section is a function in a file
of its own: it gives a Section, or None when the recording has nothing for it. `summary.head` gives the first
screen: question, answer, verdicts and `first_picture`. Pictures (`bars`, `lines`, `icicle`, `machine`) are plain SVG on
a Sheet of `svg_canvas`; under them stand their tables and data. `templates/page.js` lets a reader sort, filter, choose
and hover; the page is whole without it.
"""
