"""What the site adds to docs/: the files beside it, the reference of each surface, and the program for diagrams."""

from __future__ import annotations

import posixpath
import re
from importlib.resources import files as files_of
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

from local.site import reference

ROOT = Path(__file__).resolve().parents[2]
#: Files beside docs/ that are pages too, by what they are called there.
BESIDE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "client/README.md": "client.md",
}
MERMAID = "assets/mermaid.min.js"
#: Requests, tables and diagrams want more width than the theme gives them.
STYLE, WIDE = (
    "assets/wide.css",
    ".md-grid { max-width: 82rem } .md-typeset__table td:first-child { white-space: nowrap }",
)


def on_files(files: Any, config: Any) -> Any:
    """Add pages that are written elsewhere, or generated."""
    made = {name: _moved(path) for path, name in BESIDE.items()}
    made |= {f"reference/{name}": text for name, text in reference.pages(reference.document()).items()}
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))
    # The same file as npm's mermaid has it; nothing is fetched when a page is read.
    script = files_of("artoo_mermaid").joinpath("assets/mermaid.min.js").read_bytes()
    files.append(File.generated(config, MERMAID, content=script))
    files.append(File.generated(config, STYLE, content=WIDE))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Lead links from docs/ to files beside it to their pages; one to a file that is no page is text alone."""
    here = Path("docs", page.file.src_uri).parent

    def link(found: re.Match[str]) -> str:
        target, mark, anchor = found[2].partition("#")
        name = BESIDE.get(posixpath.normpath((here / target).as_posix()))
        return f"[{found[1]}]({posixpath.relpath(name, here.relative_to('docs'))}{mark}{anchor})" if name else found[1]

    return re.sub(r"\[([^\]]+)\]\(((?:\.\./)+[^)\s]*)\)", lambda each: _kept(each, here) or link(each), markdown)


def _kept(found: re.Match[str], here: Path) -> str | None:
    """Return a link within docs/ as it is."""
    inside = posixpath.normpath((here / found[2].partition("#")[0]).as_posix()).startswith("docs/")
    return found[0] if inside else None


def _moved(path: str) -> str:
    """Return a file beside docs/ with its links as they are from there."""
    text = (ROOT / path).read_text(encoding="utf-8")
    here = path.rpartition("/")[0]

    def link(found: re.Match[str]) -> str:
        target, _, anchor = found[1].partition("#")
        full = (ROOT / here / target).resolve().relative_to(ROOT).as_posix()
        name = BESIDE.get(full) or (full.removeprefix("docs/") if full.startswith("docs/") else None)
        return f"]({name or target}{'#' + anchor if anchor else ''})"

    return re.sub(r"\]\((?!https?:|#)([^)\s]+)\)", link, text)
