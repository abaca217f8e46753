"""What the projects surface takes and answers about artifacts (contract: projects.md §2.3, §6, §7)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from switchyard.domain import artifacts
from switchyard.http.models import AfterFields, Field, Rule, Shown
from switchyard.http.validation import Expectation
from switchyard.surfaces.inputs import ABSENT, Whole
from switchyard.surfaces.projects.inputs import Body
from switchyard.surfaces.projects.replies import ArtifactShown

Kind = Literal["plan", "context", "reference", "output", "artifact", "tree_snapshot", "user_attachment"]


def _file_name(given: str) -> str:
    try:
        return artifacts.file_name(given)
    except ValueError as error:
        raise Expectation(str(error), "") from None


def _printable(given: str) -> str:
    if not (given.isascii() and (given.isprintable() or not given)):
        raise Expectation("Only printable ASCII characters are allowed.", "")
    return given


def _digest(given: str) -> str:
    if len(given) != 64 or not given.isascii() or not set(given.lower()) <= set("0123456789abcdef"):
        raise Expectation("A SHA-256 has 64 hexadecimal digits.", "")
    return given.lower()


def _some[T](given: list[T]) -> list[T]:
    if not given:
        raise Expectation("At least one artifact is required", "")
    return given


#: What domain.artifacts refuses in a name.
_FILE_NAME = {"pattern": r"^[^\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]*$"}
FileName = Annotated[
    str,
    Field(min_length=1, max_length=artifacts.NAME_MAX),
    Rule(_file_name, _FILE_NAME),
]
ContentType = Annotated[str, Field(max_length=artifacts.CONTENT_TYPE_MAX), Rule(_printable, {"pattern": "^[ -~]*$"})]
StoragePath = Annotated[str, Field(min_length=1, max_length=artifacts.PATH_MAX)]
Digest = Annotated[str, Rule(_digest, {"pattern": "^[0-9A-Fa-f]{64}$"})]
type Several[T] = Annotated[list[T], Field(max_length=artifacts.REQUEST_MAX), Rule(_some, {"minItems": 1})]


class Described(Body):
    """A file as its client describes it; of a path in `name` the last part counts."""

    name: FileName  #: The file's name, 255 characters at most; of a path the last part counts.
    type: Kind  #: What the file is for.
    #: Where it comes from, in the client's words; 64 characters at most.
    source: Annotated[str, Field(max_length=artifacts.SOURCE_MAX)] = ""
    content_type: ContentType = ""  #: Its media type, in printable ASCII; what the bucket has when left out.


def _fits(size: int, known: Mapping[str, Any]) -> int:
    refused = artifacts.too_large(known.get("name", ""), known.get("type", ""), known.get("content_type", ""), size)
    if refused:
        raise Expectation(refused, "")
    return size


class Announced(Described):
    """A file that is to be uploaded. Extension: with `checksum_sha256` no other content can be uploaded."""

    #: Bytes, 30 MiB at most; of an attachment that is a PDF, 10 MiB.
    size: Annotated[int, Field(ge=1, le=artifacts.SIZE_MAX), Whole, AfterFields(_fits)]
    checksum_sha256: Digest | None = None  #: SHA-256 in hexadecimal digits: no other content can be uploaded then.


class PrepareUpload(Body):
    """Files for which upload forms are asked."""

    artifacts: Several[Announced]  #: The files that are to be uploaded; 100 at most.


class Uploaded(Described):
    """A file that was uploaded, as its preparation named it. Extension: `checksum_sha256` is compared once more."""

    id: Annotated[str, Field(min_length=1, max_length=artifacts.ID_MAX)]  #: The file's id, as its preparation answered.
    storage_path: StoragePath  #: Where it lies, as its preparation answered.
    checksum_sha256: Digest | None = None  #: SHA-256 in hexadecimal digits, compared with what the bucket computed.


class FinalizeUpload(Body):
    """Files that were uploaded."""

    artifacts: Several[Uploaded]  #: The files that were uploaded; 100 at most.


class Inline(Described):
    """A small file with its content."""

    content: Annotated[str, Field(min_length=1)]  #: The file's content, as text or base64.
    content_encoding: Literal["utf-8", "base64"] = "utf-8"  #: How `content` is to be read.


class UploadArtifacts(Body):
    """Small files; all of the request has at most 1 MiB."""

    artifacts: Several[Inline]  #: Small files with their content; the whole request has 1 MiB at most.


class NamedArtifact(Body):
    """A file of a run, by where it lies."""

    storage_path: StoragePath  #: Where the file lies, as a manifest shows it.


class Form(Shown):
    """Where to post an upload (multipart/form-data): first every field as it is, then the file as `file`."""

    url: str  #: Where to post the form.
    fields: dict[str, str]  #: Every field to send as it is, before the file.


class PreparedShown(Shown):
    """A file that can be uploaded now, for `expires_in` seconds."""

    id: str  #: The file's id, to finalize it by.
    name: str  #: Its name, without a path.
    type: str  #: What the file is for.
    source: str  #: Where it comes from, in the client's words.
    size: int  #: Bytes, as announced.
    content_type: str  #: Its media type.
    storage_path: str  #: Where it will lie.
    checksum_sha256: str = ABSENT  #: SHA-256 in hexadecimal digits, as announced.
    expires_in: int  #: Seconds for which the form is valid.
    presigned_post: Form  #: The signed form to upload it with.


class Prepared(Shown):
    """One for each file of the request, in its order."""

    artifacts: list[PreparedShown]  #: One for each file of the request, in its order.


class Manifest(Shown):
    """Entries of a manifest."""

    artifacts: list[ArtifactShown]  #: The files, in the order in which they came.


class Presigned(Shown):
    """An address that serves the file, for `expires_in` seconds."""

    url: str  #: Where the file can be read, without a token.
    expires_in: int  #: Seconds for which the address is valid.
