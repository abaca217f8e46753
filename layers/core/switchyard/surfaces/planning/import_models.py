"""Wire models of imports (docs/importing.md)."""

from switchyard.domain.imports import Status
from switchyard.surfaces.inputs import CamelBody
from switchyard.surfaces.outputs import CamelShown
from switchyard.surfaces.planning.models import Scope
from switchyard.surfaces.planning.replies import ScopeShown


class CreateImport(CamelBody):
    """`scope` is that of new tracks; those that are there keep theirs."""

    scope: Scope


class Counts(CamelShown):
    """Lines by what became of them. `incomplete` ones are counted among the others too: they lack a reference."""

    created: int
    updated: int
    unchanged: int
    refused: int
    incomplete: int


class UploadForm(CamelShown):
    """Where to post the file (multipart/form-data), for `expiresIn` seconds: every field as it is, then `file`."""

    url: str
    fields: dict[str, str]
    expires_in: int


class ResultsAddress(CamelShown):
    """An address that serves the results for `expiresIn` seconds: JSON lines, one for each line of the file."""

    url: str
    expires_in: int


class ImportListed(CamelShown):
    """`lines` counts the file's, `split` those in connected parts too large for one transaction; null: not known."""

    id: str
    status: Status
    scope: ScopeShown
    lines: int | None
    split: int | None
    error: str | None
    created_by: str
    created_at: str
    started_at: str | None
    completed_at: str | None


class ImportShown(ImportListed):
    """`done` lines had their turn."""

    done: int
    counts: Counts
    results: ResultsAddress | None


class ImportCreated(ImportShown):
    """`upload` is null when the same idempotency key is sent again: create another import."""

    upload: UploadForm | None


class ImportPage(CamelShown):
    """A page of the caller's imports."""

    items: list[ImportListed]
    next_cursor: str | None
