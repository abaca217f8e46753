"""Wire models of imports (docs/importing.md)."""

from switchyard.domain.imports import Status
from switchyard.surfaces.inputs import CamelBody
from switchyard.surfaces.outputs import CamelShown
from switchyard.surfaces.planning.models import Scope
from switchyard.surfaces.planning.replies import ScopeShown


class CreateImport(CamelBody):
    """`scope` is that of new tracks; those that are there keep theirs."""

    scope: Scope  #: Who sees new tracks, and in which projects; those that are there keep theirs.


class Counts(CamelShown):
    """Lines by what became of them. `incomplete` ones are counted among the others too: they lack a reference."""

    created: int  #: Lines that made a track.
    updated: int  #: Lines that changed one.
    unchanged: int  #: Lines whose track was so already.
    refused: int  #: Lines that changed nothing; their results say why.
    incomplete: int  #: Lines whose track lacks a reference; counted among the others too.


class UploadForm(CamelShown):
    """Where to post the file (multipart/form-data), for `expiresIn` seconds: every field as it is, then `file`."""

    url: str  #: Where to post the form.
    fields: dict[str, str]  #: Fields to send as they are, before `file`.
    expires_in: int  #: For how many seconds the form works.


class ResultsAddress(CamelShown):
    """An address that serves the results for `expiresIn` seconds: JSON lines, one for each line of the file."""

    url: str  #: The address of the file.
    expires_in: int  #: For how many seconds it works.


class ImportListed(CamelShown):
    """`lines` counts the file's, `split` those in connected parts too large for one transaction; null: not known."""

    id: str  #: The import's id.
    status: Status  #: Where it stands: waiting for its file and the start, running, or how it ended.
    scope: ScopeShown  #: The scope of new tracks.
    lines: int | None  #: How many lines the file has; null until it was read.
    #: How many of them are in connected parts too large for one transaction; null until the file was read.
    split: int | None
    error: str | None  #: Why it failed; null otherwise.
    created_by: str  #: The id of the actor in whose name it writes.
    created_at: str  #: When it was created.
    started_at: str | None  #: When it was started; null before.
    completed_at: str | None  #: When it ended; null before.


class ImportShown(ImportListed):
    """`done` lines had their turn."""

    done: int  #: How many lines had their turn.
    counts: Counts  #: Lines by what became of them.
    results: ResultsAddress | None  #: Where the results of the lines are; null until they are written.


class ImportCreated(ImportShown):
    """`upload` is null when the same idempotency key is sent again: create another import."""

    upload: UploadForm | None  #: The form for the file; null when the same idempotency key is sent again.


class ImportPage(CamelShown):
    """A page of the caller's imports."""

    items: list[ImportListed]  #: The imports, newest first.
    next_cursor: str | None  #: Where the next page begins; null at the end.
