"""``tributary dictionary``: what every table and column means."""

from __future__ import annotations


def dictionary() -> None:
    """Print the data dictionary as Markdown; `docs/data-dictionary.md` is this page.

    Example: tributary dictionary > docs/data-dictionary.md
    """
    from tributary.dictionary import dictionary as page

    print(page(), end="")
