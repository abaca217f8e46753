"""Imports in the ledger, as requests create, start and cancel them; whoever created one sees it."""

from switchyard.domain import clock, imports
from switchyard.domain.errors import NotFound
from switchyard.domain.ids import new_id
from switchyard.domain.imports import Import, Lane
from switchyard.domain.structs import replace
from switchyard.ledger.unit import Unit
from switchyard.store import import_keys
from switchyard.store import imports as rows


def create(unit: Unit, owner: str | None, project_ids: tuple[str, ...]) -> Import:
    """Gather a new import, which waits for its file."""
    actor = unit.actor
    job = Import(actor.tenant_id, new_id(), actor, "waiting", clock.now(), owner=owner, project_ids=project_ids)
    unit.write(rows.JOBS.create(job))
    return job


def find(unit: Unit, import_id: str) -> tuple[Import, list[Lane]]:
    """Read one of the caller's imports, and its lanes: 1 round trip. Raises NotFound."""
    job, lanes = rows.read(unit.table, unit.actor.tenant_id, import_id)
    if job is None or job.actor.id != unit.actor.id:
        raise NotFound(f"There is no import with the id {import_id}.")
    return job, lanes


def start(unit: Unit, job: Import, size: int, file_version: str | None) -> Import:
    """Gather the start of an import that waits, with its file as it was looked at: 1 round trip.

    It goes on in the name of the caller. Raises Underway while another import of the tenant is.
    """
    key = import_keys.slot(job.tenant_id)
    row = unit.row(key)
    holder = rows.holder(row)
    if holder is not None:
        raise imports.Underway(f"The import {holder} is under way: wait for its end, or cancel it.")
    begun = {"actor": unit.actor, "status": "running", "started_at": clock.now(), "version": job.version + 1}
    after = replace(job, **begun, size=size, file_version=file_version)
    unit.write(rows.JOBS.update(job, after), rows.take_slot(job, row))
    return after


def cancel(unit: Unit, job: Import, lanes: list[Lane]) -> Import:
    """Gather the end of an import that is not over: from then on it writes nothing more. 1 round trip."""
    after = replace(job, status="cancelled", completed_at=clock.now(), version=job.version + 1)
    unit.write(rows.JOBS.update(job, after), *(rows.stop(lane) for lane in lanes))
    if rows.holder(unit.row(import_keys.slot(job.tenant_id))) == job.id:
        unit.write(rows.give_slot_back(job))
    return after
