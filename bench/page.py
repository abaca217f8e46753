"""docs/performance.md, as far as the bench writes it: what stands between the markers of a part."""

from pathlib import Path

from bench.variants import ROOT

PATH = ROOT / "docs" / "performance.md"


def write(path: Path, part: str, text: str) -> None:
    """Put the text between the part's markers. Raises ValueError where the page has none."""
    begin, end = f"<!-- {part} -->\n", f"<!-- /{part} -->"
    head, rest = path.read_text(encoding="utf-8").split(begin)
    path.write_text(f"{head}{begin}{text}\n{end}{rest.split(end)[1]}", encoding="utf-8")
