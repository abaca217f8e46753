"""Bulk imports: files of JSON lines, each line a draft, that are applied in the order of their references.

What a job is and its bounds. Sizes are in bytes.
"""

from typing import Literal

from switchyard.domain.actors import Actor
from switchyard.domain.errors import Conflict
from switchyard.domain.structs import Struct

#: `waiting` for its file and for the start; the last three are final.
Status = Literal["waiting", "running", "completed", "failed", "cancelled"]
FINAL = frozenset({"completed", "failed", "cancelled"})
OUTCOMES = ("created", "updated", "unchanged", "refused", "incomplete")

#: A file, and what it unpacks to on the function's disk (`EphemeralStorage` in template.yaml has room for it).
FILE_MAX = 536_870_912
LINE_MAX = 524_288
LINES_MAX = 1_000_000
#: Parts of a job that are applied side by side. More would gain nothing: the tenant's partition of each list index
#: takes 1,000 writes a second, which a few of them reach.
#: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
LANES = 4
#: Seconds that a job may take: the time-out of its state machine.
LASTS_SECONDS = 86_400
#: Seconds after its creation for which a job and the results of its lines are kept.
KEPT_SECONDS = 30 * 86_400


class Underway(Conflict):
    """Another import of the tenant is under way."""

    code, title = "import_under_way", "Another import is under way"


class Over(Conflict):
    """The import has come to its end."""

    code, title = "import_over", "The import is over"


class NothingUploaded(Conflict):
    """The file is not there, or is too large."""

    code, title = "not_uploaded", "There is no file to import"


# The state machine knows these two by their class names: such a step is not tried again.
class Unfit(Exception):
    """The file as a whole cannot be imported; the same file never can."""


class TokenRevoked(Exception):
    """The token that the import was started with opens nothing any more."""


class Import(Struct):
    """One job. `actor` is in whose name it writes: whoever created it, as the token allows.

    `owner` and `project_ids` are the scope of new tracks. `file_version` is which upload was started, of `size` bytes;
    `lines` counts its lines, `split` those whose connected part is too large for one transaction (None: not known yet).
    `results_at` is when the results of the lines were written to a file.
    """

    tenant_id: str
    id: str
    actor: Actor
    status: Status
    created_at: str
    version: int = 1
    owner: str | None = None
    project_ids: tuple[str, ...] = ()
    started_at: str | None = None
    completed_at: str | None = None
    file_version: str | None = None
    size: int | None = None
    lines: int | None = None
    split: int | None = None
    results_at: str | None = None
    error: str | None = None

    @property
    def is_final(self) -> bool:
        return self.status in FINAL


class Lane(Struct):
    """How far a part of a job is: `offset` is where the chunk at hand begins in the lane's file, `done` how many of its
    drafts had their turn. A lane that is `stopped` writes nothing more.
    """

    tenant_id: str
    import_id: str
    number: int
    size: int
    offset: int = 0
    done: int = 0
    stopped: bool = False
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    incomplete: int = 0

    @property
    def is_over(self) -> bool:
        return self.stopped or self.offset >= self.size

    @property
    def with_outcome(self) -> int:
        """Return how many lines have an outcome. Lines that lack a reference were counted before."""
        return self.created + self.updated + self.unchanged + self.refused


def folder(tenant_id: str, import_id: str) -> str:
    """Return what the keys of a job's objects begin with: among the tenant's files, so that they go with it."""
    return f"tasks/artifacts/team_{tenant_id}/import_{import_id}/"


def file_path(tenant_id: str, import_id: str) -> str:
    """Return where the file is uploaded."""
    return f"{folder(tenant_id, import_id)}drafts.jsonl"


def lane_path(tenant_id: str, import_id: str, lane: int) -> str:
    """Return where the chunks of a lane are, a line each."""
    return f"{folder(tenant_id, import_id)}lane_{lane}.jsonl"


def results_path(tenant_id: str, import_id: str) -> str:
    """Return where the results of all lines are."""
    return f"{folder(tenant_id, import_id)}results.jsonl"
