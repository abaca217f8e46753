"""One module a format: `read` makes items of a source. This one knows them all by name."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from switchyard_client.importing.formats import beads, github, jsonlines, markdown, tables, taskmaster, taskwarrior
from switchyard_client.importing.records import Item
from switchyard_client.importing.sources import Source

Reader = Callable[[Source], Iterator[Item]]


@dataclass(frozen=True, slots=True)
class Format:
    """What people call it, what its external ids begin with, and how it is read."""

    title: str
    prefix: str
    read: Reader


def formats(mapping: Mapping[str, str]) -> dict[str, Format]:
    """Return all formats by their names on the command line; `mapping` is of the columns of any CSV."""
    return {
        "beads": Format("beads issues.jsonl", beads.PREFIX, beads.read),
        "csv": Format("CSV", "csv", partial(tables.read_mapped, mapping=mapping)),
        "github": Format("GitHub issues", github.PREFIX, github.read),
        "linear": Format("Linear CSV", "linear", tables.read_linear),
        "markdown": Format("Markdown checklist", markdown.PREFIX, markdown.read),
        "switchyard": Format("export of switchyard, as lines or CSV", jsonlines.PREFIX, jsonlines.read),
        "taskmaster": Format("Task Master tasks.json", taskmaster.PREFIX, taskmaster.read),
        "taskwarrior": Format("Taskwarrior export", taskwarrior.PREFIX, taskwarrior.read),
        "todoist": Format("Todoist CSV", "todoist", tables.read_todoist),
    }
