"""Long texts that a source keeps apart and the service has one field for: as sections of the description."""

from collections.abc import Mapping, Sequence


def _heading(name: str) -> str:
    return f"\n\n## {name}\n\n"


def join(description: str, parts: Mapping[str, str]) -> str:
    """Return the description with the parts that have text as sections, in their order."""
    return description + "".join(_heading(name) + text for name, text in parts.items() if text)


def split(description: str, names: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Return the description and its sections of these names, in their order, as `join` made them."""
    found: dict[str, str] = {}
    for name in reversed(names):
        before, heading, text = description.rpartition(_heading(name))
        if heading:
            description, found[name] = before, text
    return description, found
