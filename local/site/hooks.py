"""What the site adds to docs/: the files beside it, the reference of each surface, and the program for diagrams."""

from __future__ import annotations

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


def on_files(files: Any, config: Any) -> Any:
    """Add pages that are written elsewhere, or generated."""
    made = {name: _moved(path) for path, name in BESIDE.items()}
    made |= {f"reference/{name}": text for name, text in reference.pages(reference.document()).items()}
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))
    # The same file as npm's mermaid has it; nothing is fetched when a page is read.
    script = files_of("artoo_mermaid").joinpath("assets/mermaid.min.js").read_bytes()
    files.append(File.generated(config, MERMAID, content=script))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Take the link off what is no page: files of the repository."""
    return re.sub(r"\[([^\]]+)\]\((?:\.\./)+(?!#)[^)]*\.(?:py|yaml|toml)\)", r"\1", markdown)


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
