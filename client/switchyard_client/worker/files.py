"""The files of a run: its artifacts downloaded into a folder, what the command made uploaded."""

import mimetypes
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from switchyard_client.client import Claimed, Client
from switchyard_client.retries import Deadline

NAME_MAX = 150
#: Bytes of a file, and files, that a run takes as artifacts.
FILE_MAX = 30 * 1_048_576
FILES_MAX = 100

_UNSAFE = re.compile(r"[^\w.+=@-]+", re.ASCII)


class BadOutput(Exception):
    """What the command left cannot be handed in; says why."""


def safe_name(name: str, taken: set[str]) -> str:
    """Return a file name made from an artifact's: without folders, not hidden, unlike those taken already."""
    base = _UNSAFE.sub("_", name.replace("\\", "/").rpartition("/")[2]).lstrip(".")[-NAME_MAX:] or "artifact"
    stem, dot, ending = base.rpartition(".")
    stem, ending = (stem, dot + ending) if stem else (base, "")
    number, found = 1, base
    while found.lower() in taken:
        number += 1
        found = f"{stem}-{number}{ending}"
    taken.add(found.lower())
    return found


def fetch(client: Client, run: Claimed, folder: Path, deadline: Deadline) -> int:
    """Download the run's artifacts, without what earlier attempts handed in; returns how many there were."""
    given = [each for each in run.run.get("artifacts", []) if each.get("type") != "output"]
    taken: set[str] = set()
    for each in given:
        client.download(run, each["storage_path"], folder / safe_name(each["name"], taken), deadline)
    return len(given)


def hand_in(client: Client, run: Claimed, folder: Path, deadline: Deadline) -> int:
    """Upload the files below a folder as output artifacts; returns how many. Raises BadOutput, Refused, Unreachable."""
    files = list(_files(folder)) if folder.is_dir() else []
    if len(files) > FILES_MAX:
        raise BadOutput(f"output has {len(files)} files: at most {FILES_MAX} are taken")
    if not files:
        return 0
    wanted = [_described(folder, each) for each in files]
    prepared = client.report(run, "POST", "artifacts/prepare_upload", {"artifacts": wanted}, deadline)["artifacts"]
    for file, each in zip(files, prepared, strict=True):
        client.upload(each["presigned_post"], file, each["content_type"], deadline)
    names = ("id", "name", "type", "source", "storage_path", "content_type")
    done = [{name: each[name] for name in names} for each in prepared]
    client.report(run, "POST", "artifacts/finalize_upload", {"artifacts": done}, deadline)
    return len(files)


def _files(folder: Path) -> Iterator[Path]:
    """Find the files below a folder, by name. Links are not followed, and empty files are nothing to hand in."""
    for where, folders, names in os.walk(folder):
        folders.sort()
        for path in (Path(where) / name for name in sorted(names)):
            if path.is_file() and not path.is_symlink() and path.stat().st_size:
                yield path


def _described(folder: Path, file: Path) -> dict[str, Any]:
    size = file.stat().st_size
    name = "-".join(file.relative_to(folder).parts)
    if size > FILE_MAX:
        raise BadOutput(f"output/{file.relative_to(folder)} has {size} bytes: at most {FILE_MAX} are taken")
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return {"name": name[-255:], "type": "output", "source": "worker", "size": size, "content_type": kind}
