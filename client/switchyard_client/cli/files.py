"""Files of a task's runs: put, get, list."""

import mimetypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from switchyard_client.cli import output
from switchyard_client.cli.failures import Ended, Exit, Usage
from switchyard_client.cli.session import Session, part, pass_session
from switchyard_client.cli.tracks import resolve

#: Bytes of a file, and files of a request, that the service takes.
FILE_MAX, FILES_MAX = 30 * 1_048_576, 100


def stage(session: Session, task_id: str, paths: Sequence[Path]) -> list[str]:
    """Upload files for the next run of a task; returns their ids."""
    done = _upload(session, f"/api/projects/-/tasks/{task_id}/staged_artifacts", paths, "user_attachment")
    return [str(each["id"]) for each in done]


def _upload(session: Session, path: str, paths: Sequence[Path], kind: str) -> list[dict[str, Any]]:
    wanted = [_described(each, kind) for each in paths]
    if len(wanted) > FILES_MAX:
        raise Usage(f"{len(wanted)} files: at most {FILES_MAX} at once")
    prepared = session.post(f"{path}/prepare_upload", {"artifacts": wanted})["artifacts"]
    from time import monotonic

    from switchyard_client.retries import Deadline

    names = ("id", "name", "type", "source", "storage_path", "content_type")
    with session.progress(f"uploading {len(paths)} files"):
        for file, each in zip(paths, prepared, strict=True):
            deadline = Deadline(monotonic() + 600)
            session.client.upload(each["presigned_post"], file, each["content_type"], deadline)
        done = [{name: each[name] for name in names if each.get(name) is not None} for each in prepared]
        session.post(f"{path}/finalize_upload", {"artifacts": done})
    return done


def _described(file: Path, kind: str) -> dict[str, Any]:
    size = file.stat().st_size
    if not 1 <= size <= FILE_MAX:
        raise Usage(f"{file} has {size} bytes: 1 to {FILE_MAX} are taken")
    media = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return {"name": file.name[-255:], "type": kind, "source": "cli", "size": size, "content_type": media}


@click.group("files")
def files() -> None:
    """Files of a task's latest run."""


def _latest(session: Session, task: str) -> tuple[str, dict[str, Any]]:
    task_id = part(resolve(session, task))
    latest = session.get(f"/api/projects/-/tasks/{task_id}")["latest_run"]
    if latest is None:
        raise Ended(Exit.NOT_FOUND, "the task has no run: files for its first one go with: switchyard run --file")
    return f"/api/projects/-/tasks/{task_id}/runs/{latest['id']}/artifacts", latest


@files.command("list")
@click.argument("task")
@pass_session
def list_files(session: Session, task: str) -> None:
    """List the files."""
    _, latest = _latest(session, task)
    if session.json:
        return output.emit(latest["artifacts"])
    rows = [(each.get("size") or "", each["type"], each["name"]) for each in latest["artifacts"]]
    output.table(("BYTES", "TYPE", "NAME"), rows)
    if not rows:
        output.note("no files")
    return None


@files.command("put")
@click.argument("task")
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--type", "kind", type=click.Choice(("output", "context", "reference", "plan")), default="output")
@pass_session
def put_files(session: Session, task: str, paths: tuple[Path, ...], kind: str) -> None:
    """Add files to the latest run."""
    path, _ = _latest(session, task)
    done = _upload(session, path, paths, kind)
    if session.json:
        return output.emit(done)
    return output.note(f"added {output.counted(len(done), 'files')}")


@files.command("get")
@click.argument("task")
@click.argument("names", nargs=-1)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("."), help="A folder.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@pass_session
def get_files(session: Session, task: str, names: tuple[str, ...], out: Path, force: bool) -> None:
    """Download files, all of them without NAMES."""
    from time import monotonic

    from switchyard_client.client import Claimed
    from switchyard_client.retries import Deadline
    from switchyard_client.worker.files import safe_name

    path, latest = _latest(session, task)
    found = [each for each in latest["artifacts"] if not names or each["name"] in names]
    missing = sorted(set(names) - {each["name"] for each in found})
    if missing:
        raise Ended(Exit.NOT_FOUND, f"no such file: {', '.join(missing)}")
    out.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    run_url = (session.settings.url + path).removesuffix("/artifacts")
    run = Claimed({}, latest, 0, run_url)
    written = []
    with session.progress(f"downloading {len(found)} files"):
        for each in found:
            target = out / safe_name(each["name"], taken)
            if target.exists() and not force:
                raise Usage(f"{target} is there already: --force replaces it")
            session.client.download(run, each["storage_path"], target, Deadline(monotonic() + 600))
            written.append(str(target))
    if session.json:
        return output.emit(written)
    for each in written:
        output.line(each)
    return None
