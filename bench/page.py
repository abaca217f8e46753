"""docs/performance.md, as far as the bench writes it: what stands between the marks of a part."""

from tests.support.life import PAGE, page_with


def write(part: str, text: str) -> None:
    """Put the text between the part's marks. Raises ValueError where the page has none."""
    PAGE.write_text(page_with({part: text}), encoding="utf-8")
