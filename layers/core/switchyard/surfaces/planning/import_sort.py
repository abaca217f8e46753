"""The first step of an import: its file is read line by line, and written anew in the order to apply it in.

The file goes to the function's disk; memory holds names and references (domain/import_order.py). What is no draft is
refused here, and the rest goes on without it.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, Any

from switchyard.aws.objects import ObjectStore
from switchyard.domain import artifacts, imports
from switchyard.domain.errors import Invalid
from switchyard.domain.import_order import Chunk, Outline
from switchyard.domain.imports import Import, Lane, Unfit
from switchyard.domain.structs import Struct, replace
from switchyard.domain.text import folded
from switchyard.http.parsing import parse_body
from switchyard.store import imports as rows
from switchyard.store.table import ConditionFailed, Table
from switchyard.surfaces.planning.draft_models import Draft
from switchyard.surfaces.planning.drafts import references

#: Refused lines that are noted at once, and characters of a reason.
_REFUSED_AT_ONCE, REASON_MAX = 40, 300


def sort(table: Table, bucket: ObjectStore, tenant_id: str, import_id: str) -> list[int]:
    """Write the lanes of an import; returns their numbers, none for one that is over. Raises Unfit.

    May be repeated: lanes that were begun stay as they are.
    """
    job, lanes = rows.read(table, tenant_id, import_id)
    if job is None or job.status != "running":
        return []
    if lanes:
        return [lane.number for lane in lanes]
    with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as refused:
        for chunk in bucket.chunks(imports.file_path(tenant_id, import_id), 0, job.size or 0, job.file_version):
            file.write(chunk)
        found = _Reading(file, refused)
        found.read()
        made = _write_lanes(bucket, job, found)
    after = replace(job, lines=found.lines, split=made.split, version=job.version + 1)
    try:
        table.write([rows.JOBS.update(job, after), *rows.begin_lanes(made.lanes, job.created_at)])
    except ConditionFailed:
        return sort(table, bucket, tenant_id, import_id)
    return [lane.number for lane in made.lanes]


class _Reading:
    """Reads the lines of a file into an outline; what is refused goes to a file of its own, a JSON object a line."""

    def __init__(self, file: IO[bytes], refused: IO[bytes]) -> None:
        self.file, self.refused = file, refused
        self.outline, self.lines = Outline(), 0

    def read(self) -> None:
        """Read all lines. Raises Unfit for a file that has too many, or none."""
        self.file.seek(0)
        offset, number = 0, 0
        while line := self.file.readline(imports.LINE_MAX + 1):
            number += 1
            start, length = offset, len(line)
            if length > imports.LINE_MAX and not line.endswith(b"\n"):
                length += self._skip()
            offset += length
            if not line.strip():
                continue
            self.lines += 1
            if self.lines > imports.LINES_MAX:
                raise Unfit(f"The file has more than {imports.LINES_MAX:,} lines.")
            if length > imports.LINE_MAX:
                self._refuse(number, None, f"the line has {length} bytes; at most {imports.LINE_MAX}")
            else:
                self._take(number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line, start, length)
        if not self.lines:
            raise Unfit("The file has no lines.")

    def _skip(self) -> int:
        skipped = 0
        while rest := self.file.readline(imports.LINE_MAX):
            skipped += len(rest)
            if rest.endswith(b"\n"):
                break
        return skipped

    def _take(self, number: int, line: bytes, offset: int, length: int) -> None:
        try:
            draft = parse_body(Draft, line, "the line")
        except Invalid as refused:
            self._refuse(number, None, reason_of(refused))
            return
        name = draft.external_id
        if draft.id is not None:
            self._refuse(number, name, "id: is not taken here: externalId names the track")
        elif name is None:
            self._refuse(number, None, "externalId: is required: by it nothing is made twice")
        elif (before := self.outline.line_of(folded(name))) is not None:
            self._refuse(number, name, f"externalId: line {before} has it already")
        else:
            refs = (folded(ref) for ref, _ in references(draft.own, ""))
            self.outline.add(folded(name), number, offset, length, draft.goal is not None, refs)

    def _refuse(self, number: int, name: str | None, reason: str) -> None:
        told = {"line": number, "externalId": name, "outcome": "refused", "error": reason[:REASON_MAX]}
        self.refused.write(json.dumps(told).encode() + b"\n")


def reason_of(error: Invalid) -> str:
    """Return what an error says of its fields, in one line."""
    return "; ".join(f"{each.field}: {each.sentence}" for each in error.fields)


class _Made(Struct):
    lanes: list[Lane]
    split: int


def _write_lanes(bucket: ObjectStore, job: Import, found: _Reading) -> _Made:
    chunks, split = found.outline.lanes(imports.LANES)
    contents: list[Iterable[bytes]] = [(_chunk_line(found, chunk) for chunk in lane) for lane in chunks] or [()]
    contents[0] = _both(_refusals(found.refused), contents[0])
    lanes, tags = [], artifacts.tags(job.tenant_id, artifacts.STAGED_DAYS)
    for number, content in enumerate(contents):
        counted = _Counted(content)
        bucket.put_large(imports.lane_path(job.tenant_id, job.id, number), counted, "application/x-ndjson", tags)
        lanes.append(Lane(job.tenant_id, job.id, number, counted.size))
    return _Made(lanes, split)


def _both(*contents: Iterable[bytes]) -> Iterator[bytes]:
    for each in contents:
        yield from each


class _Counted:
    """Bytes on their way, and how many there were."""

    def __init__(self, content: Iterable[bytes]) -> None:
        self._content, self.size = content, 0

    def __iter__(self) -> Iterator[bytes]:
        for each in self._content:
            self.size += len(each)
            yield each


def _refusals(refused: IO[bytes]) -> Iterator[bytes]:
    refused.seek(0)
    while some := [line.strip() for _, line in zip(range(_REFUSED_AT_ONCE), refused, strict=False)]:
        yield b'{"refused":[' + b",".join(some) + b"]}\n"


def _chunk_line(found: _Reading, chunk: Chunk) -> bytes:
    """Return a chunk as a line of its lane: the drafts as they were sent, but for references that come later."""
    outline, drafts = found.outline, []
    for place in chunk.places:
        found.file.seek(outline.offsets[place])
        raw = found.file.read(outline.lengths[place]).strip().removeprefix(b"\xef\xbb\xbf")
        missing = chunk.without.get(place)
        drafts.append(_without(raw, missing, outline) if missing else raw)
    numbers = [outline.numbers[place] for place in chunk.places]
    about = {"parts": chunk.parts, "late": chunk.late, "lines": numbers}
    return json.dumps(about).encode()[:-1] + b', "drafts":[' + b",".join(drafts) + b"]}\n"


def _without(raw: bytes, missing: frozenset[int], outline: Outline) -> bytes:
    """Return a draft without references that come later. Absent keeps what is there from an import before."""

    def is_missing(ref: Any) -> bool:
        return isinstance(ref, str) and outline.place_of(folded(ref)) in missing

    draft = json.loads(raw)
    own = draft.get("task") or draft.get("goal") or {}
    if any(is_missing(ref) for ref in own.get("dependsOn", ())):
        del own["dependsOn"]
    for name in ("parentId", "goalId"):
        if is_missing(own.get(name)):
            del own[name]
    return json.dumps(draft, ensure_ascii=False).encode()
