"""Save MiniStack's state while it runs, so that a crash loses a second and not the session.

MiniStack saves only when it is stopped in an orderly way, writes every file each time, the content of each layer
as text in one of them, and keeps the log of every invocation. Here rows, streams and executions go to a journal as
they change; what changes with a deployment alone is saved every few seconds. Requests wait for that, so it is quick.
"""

import asyncio
import hashlib
import json
import logging
import os
import re
import time
from concurrent.futures import Future
from pathlib import Path

from ministack import app as ministack
from ministack.core import persistence
from ministack.core.responses import AccountRegionScopedDict
from ministack.services import cloudwatch_logs, dynamodb, lambda_svc, sqs, stepfunctions

from local.emulator import changes, states, streams
from local.emulator.journal import Journal

logger = logging.getLogger("switchyard.saving")

INTERVAL_SECONDS = float(os.environ["SWITCHYARD_SAVE_SECONDS"])
# A save blocks requests while it runs: with much to save, save less often, but still within half a minute.
LONGEST_INTERVAL_SECONDS = 25
CHANGES_SECONDS = 0.25
QUEUES_SECONDS = 1.0
LOG_STREAMS_KEPT = 100
LAYERS = Path(persistence.STATE_DIR) / "layers"
REFERENCE = "content_sha256"
# The parts that take long to save, and the services whose requests change them.
CHANGED_BY = {"cloudformation": {"cloudformation"}, "lambda": {"cloudformation", "lambda"}}
SIGNED_FOR = re.compile(rb"Credential=[^/]+/[^/]+/[^/]+/([a-z0-9-]+)/")

_journal: Journal | None = None
# Where mappings restart from, and where they were when the queues were saved last.
_positions: list[dict[tuple[str, str], int]] = [{}, {}]
_requests = 0
_services: set[str] = set()
_written: dict[str, int] = {}
_build = ministack._build_persistence_save_dict
_original_load = ministack._load_persisted_state
_original_dynamodb_get = dynamodb.get_state
_original_lambda_get = lambda_svc.get_state
_original_lambda_load = lambda_svc.load_persisted_state


def install() -> None:
    """Extend what MiniStack saves and loads."""
    global _journal
    if not persistence.PERSIST_STATE:
        return
    _journal = Journal(Path(persistence.STATE_DIR) / "journal.sqlite3")
    changes.install()
    stepfunctions.get_state = stepfunctions_state
    stepfunctions.load_persisted_state = load_stepfunctions_state
    ministack._load_persisted_state = load
    dynamodb.get_state = dynamodb_state
    lambda_svc.get_state = lambda_state
    lambda_svc.load_persisted_state = load_lambda_state
    persistence.save_state = save_part


def note_request(scope) -> None:
    """Remember that there was a request, which may have changed something, and for which service."""
    global _requests
    _requests += 1
    for name, value in scope.get("headers", ()):
        if name == b"authorization" and (found := SIGNED_FOR.search(value)):
            _services.add(found[1].decode())


def load() -> None:
    """Load everything that was saved."""
    assert _journal is not None
    _original_load()
    changes.restore(_journal)
    _positions[:] = [streams.positions()] * 2


def save() -> None:
    """Save everything now."""
    if not _journal:
        return
    started = time.monotonic()
    trim_logs()
    unchanged = {name for name, services in CHANGED_BY.items() if name in _written and not services & _services}
    _services.clear()
    persistence.save_all({name: get for name, get in _build().items() if name not in unchanged})
    write_changes().result()
    logger.info("saved in %.0f ms", (time.monotonic() - started) * 1000)


def save_part(name: str, state: dict) -> None:
    """Write the state of one service, unless it is what was written last."""
    wrapped = {"__ministack_format__": persistence._state_format_version(name), "payload": state}
    try:
        text = json.dumps(wrapped, default=persistence._json_default)
    except RuntimeError:
        # A background thread of MiniStack changed something meanwhile; the next save has it.
        logger.warning("%s is saved next time", name, exc_info=True)
        return
    if _written.get(name) != hash(text):
        file = Path(persistence.STATE_DIR) / f"{name}.json"
        partial = file.with_suffix(".new")
        partial.write_text(text, encoding="utf-8")
        partial.replace(file)
        _written[name] = hash(text)


async def save_regularly() -> None:
    """Write changed rows at once, queues every second and the rest every few, as long as there are requests."""
    saved_at, queued_at, quiet = _requests, _requests, False
    next_queues = next_save = 0.0
    while _journal:
        await asyncio.sleep(CHANGES_SECONDS)
        now = time.monotonic()
        if now >= next_queues:
            if _requests != queued_at or _positions[0] != streams.positions():
                queued_at = _requests
                save_queues()
            next_queues = now + max(QUEUES_SECONDS, 20 * (time.monotonic() - now))
        if await asyncio.wrap_future(write_changes()):
            streams.passed.update(streams.read_by_all(_positions[0]))
        if now >= next_save:
            started, busy = time.monotonic(), _requests != saved_at
            saved_at = _requests
            if busy or not quiet:
                save()
            pause = max(INTERVAL_SECONDS, 20 * (time.monotonic() - started))
            next_save = now + min(pause, LONGEST_INTERVAL_SECONDS)
            quiet = not busy


def save_queues() -> None:
    """Save the queues; from now on mappings restart from where they were when this was last done.

    What a mapping's function sent to a queue, or to a function that runs asynchronously, is then surely kept before
    the records that were the reason are passed. After a kill the last ones are delivered again, as AWS may do too.
    """
    _positions.append(streams.positions())
    del _positions[0]
    save_part("sqs", sqs.get_state())


def write_changes() -> Future[bool]:
    """Write what changed in the background; whether there was anything, and it was written."""
    assert _journal is not None
    batch = changes.take(_positions[0])
    return _journal.write(batch, changes.forget)


def close() -> None:
    """Write the last changes, once requests stop coming."""
    if _journal:
        _positions[:] = [streams.positions()] * 2
        write_changes()
        _journal.close()


def trim_logs() -> None:
    """Forget the oldest invocations' logs; the function log file has them all."""
    for _, group in cloudwatch_logs._log_groups.all_items():
        streams_of_group = group["streams"]
        for name in list(streams_of_group)[:-LOG_STREAMS_KEPT]:
            del streams_of_group[name]


def dynamodb_state() -> dict:
    """DynamoDB's state without rows, which are in the journal."""
    tables, dynamodb._tables = dynamodb._tables, AccountRegionScopedDict()
    try:
        state = _original_dynamodb_get()
    finally:
        dynamodb._tables = tables
    for scope, table in tables.all_items():
        without = {key: value for key, value in table.items() if key != dynamodb._INDEX_MEMBERS}
        state["tables"].set_scoped(*scope, without | {"items": {}})
    return state


def stepfunctions_state() -> dict:
    """The state of Step Functions without executions, which are in the journal."""
    return states.state() | {"executions": AccountRegionScopedDict()}


def load_stepfunctions_state(state: dict) -> None:
    """Load the state of Step Functions, and the executions from the journal."""
    assert _journal is not None
    changes.restore_executions(_journal, state["executions"])
    states.load(state)


def lambda_state() -> dict:
    """Lambda's state with each layer's content in a file of its own, written once."""
    LAYERS.mkdir(parents=True, exist_ok=True)
    state = _original_lambda_get()
    for version in layer_versions(state["layers"]):
        content = version.pop("_zip_data", None)
        if content:
            version[REFERENCE] = hashlib.sha256(content).hexdigest()
            file = LAYERS / f"{version[REFERENCE]}.zip"
            if not file.exists():
                partial = file.with_suffix(".new")
                partial.write_bytes(content)
                partial.replace(file)
    return state


def load_lambda_state(state: dict) -> None:
    """Load Lambda's state, and the layers' contents from their files."""
    for version in layer_versions(state["layers"]):
        if REFERENCE in version:
            version["_zip_data"] = (LAYERS / f"{version.pop(REFERENCE)}.zip").read_bytes()
    used = {hashlib.sha256(each.get("_zip_data") or b"").hexdigest() for each in layer_versions(state["layers"])}
    for file in LAYERS.glob("*.zip"):
        if file.stem not in used:
            file.unlink()
    _original_lambda_load(state)


def layer_versions(layers) -> list[dict]:
    """The records of all versions of all layers."""
    return [version for _, layer in layers.all_items() for version in layer["versions"]]
