"""Save MiniStack's state while it runs, so that a crash loses seconds and not the session.

MiniStack saves only when it is stopped in an orderly way, writes every file each time, the content of each layer
as text in one of them, and keeps the log of every invocation. Requests wait while it saves: it has to be quick.
"""

import asyncio
import hashlib
import json
import logging
import os
import re
import time
from pathlib import Path

from ministack import app as ministack
from ministack.core import persistence
from ministack.core.responses import AccountRegionScopedDict
from ministack.services import cloudwatch_logs, dynamodb, lambda_svc

from local.emulator import streams

logger = logging.getLogger("switchyard.saving")

INTERVAL_SECONDS = float(os.environ["SWITCHYARD_SAVE_SECONDS"])
# A save blocks requests while it runs: with much data, save less often, but still within half a minute.
LONGEST_INTERVAL_SECONDS = 25
LOG_STREAMS_KEPT = 100
LAYERS = Path(persistence.STATE_DIR) / "layers"
REFERENCE = "content_sha256"
# The parts that take long to save, and the services whose requests change them.
CHANGED_BY = {"cloudformation": {"cloudformation"}, "lambda": {"cloudformation", "lambda"}}
SIGNED_FOR = re.compile(rb"Credential=[^/]+/[^/]+/[^/]+/([a-z0-9-]+)/")

_requests = 0
_services: set[str] = set()
_written: dict[str, int] = {}
_original_build = ministack._build_persistence_save_dict
_original_load = ministack._load_persisted_state
_original_dynamodb_get = dynamodb.get_state
_original_lambda_get = lambda_svc.get_state
_original_lambda_load = lambda_svc.load_persisted_state


def install() -> None:
    """Extend what MiniStack saves and loads."""
    ministack._build_persistence_save_dict = parts
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


def parts() -> dict:
    """What to save, by name: everything of MiniStack's, and the unread stream records."""
    return _original_build() | {streams.STATE_FILE: streams.get_state}


def load() -> None:
    """Load everything that was saved."""
    _original_load()
    streams.restore()


def save() -> None:
    """Save everything now."""
    if not persistence.PERSIST_STATE:
        return
    started = time.monotonic()
    trim_logs()
    unchanged = {name for name, services in CHANGED_BY.items() if name in _written and not services & _services}
    _services.clear()
    persistence.save_all({name: get for name, get in parts().items() if name not in unchanged})
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
    """Save whenever there were requests since the last save, and once after they ended."""
    saved_at, quiet, pause = 0, True, INTERVAL_SECONDS
    while persistence.PERSIST_STATE:
        await asyncio.sleep(pause)
        busy = _requests != saved_at
        saved_at = _requests
        if busy or not quiet:
            started = time.monotonic()
            save()
            spent = time.monotonic() - started
            pause = min(max(INTERVAL_SECONDS, 20 * spent), LONGEST_INTERVAL_SECONDS)
        quiet = not busy


def trim_logs() -> None:
    """Forget the oldest invocations' logs; the function log file has them all."""
    for _, group in cloudwatch_logs._log_groups.all_items():
        streams_of_group = group["streams"]
        for name in list(streams_of_group)[:-LOG_STREAMS_KEPT]:
            del streams_of_group[name]


def dynamodb_state() -> dict:
    """DynamoDB's state as it is: MiniStack copies every row first, which takes most of the time of a save."""
    tables, dynamodb._tables = dynamodb._tables, AccountRegionScopedDict()
    try:
        state = _original_dynamodb_get()
    finally:
        dynamodb._tables = tables
    for scope, table in tables.all_items():
        uncopied = {key: value for key, value in table.items() if key != dynamodb._INDEX_MEMBERS}
        state["tables"].set_scoped(*scope, uncopied)
    return state


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
