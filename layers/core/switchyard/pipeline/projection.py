"""What follows from the table's stream: audit trail, reverse edges, counts, readiness, detachment, domain events.

Every step may be repeated and may come late. Entries and events are told by the record alone and have fixed names;
edges, readiness and detachment follow the rows as they stand now; counts remember which version they hold. So a
record that is delivered again, or a consumer that ends between two steps, changes nothing and loses nothing.
"""

import time
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord

from switchyard.aws.bus import Bus
from switchyard.domain import audit, changes, lifecycle, tracks
from switchyard.domain.actors import Actor
from switchyard.domain.changes import Change
from switchyard.domain.errors import Busy
from switchyard.domain.runs import RunChange
from switchyard.domain.tracks import Track
from switchyard.pipeline import records, run_events
from switchyard.pipeline.domain_events import DomainEvent, events_of
from switchyard.store import audit as audit_rows
from switchyard.store import edges, homes, keys, readiness
from switchyard.store import tracks as rows
from switchyard.store.table import ConditionFailed, Table

#: Seconds of an invocation that are kept for sending the events.
_SENDING = 10

logger = Logger(service="switchyard")


class Unfinished(Exception):
    """The invocation's time is over: the record is delivered again and goes on from there."""


class Projector:
    """Carries records of the stream to everything that follows from them."""

    def __init__(self, table: Table, bus: Bus) -> None:
        self.table = table
        self.bus = bus
        self.events: list[tuple[str, DomainEvent]] = []

    @classmethod
    def from_environment(cls) -> "Projector":
        """Return a projector of the table and the bus that the environment names."""
        return cls(Table.from_environment(), Bus.from_environment())

    def consume(self, event: Mapping[str, Any], milliseconds: int) -> dict[str, list[dict[str, str]]]:
        """Carry a batch within the time that is left; returns the records to be delivered again."""
        deadline = time.monotonic() + milliseconds / 1000
        self.table.deadline = deadline - _SENDING
        self.bus.deadline = deadline - 2
        self.events = []
        processor = BatchProcessor(EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)
        with processor(event["Records"], self._take):
            processor.process()
        for _, error, _ in processor.exceptions:
            logger.error("record failed", exc_info=error)
        failed = {str(each["itemIdentifier"]) for each in processor.response()["batchItemFailures"]} | self._send()
        logger.info("batch", extra={"records": len(event["Records"]), "failed": len(failed)})
        return {"batchItemFailures": [{"itemIdentifier": number} for number in sorted(failed, key=int)]}

    def _take(self, record: DynamoDBRecord) -> None:
        if time.monotonic() > self.table.deadline:
            raise Unfinished
        happened = records.read(record.raw_event)
        number = record.raw_event["dynamodb"]["SequenceNumber"]
        if isinstance(happened, audit.Entry):
            self._audit(happened)
        elif isinstance(happened, RunChange):
            if happened.status_changed:
                self._audit(audit.entry_of_run(happened))
            self.events += [(number, each) for each in run_events.events_of(happened)]
        elif happened:
            self._audit(audit.entry_of_change(happened))
            self.events += [(number, each) for each in events_of(happened)]
            self._count(happened)
            self._link(happened)
            self._make_ready(happened)
            if happened.deleted:
                self._detach_all(happened.after)

    def _audit(self, entry: audit.Entry) -> None:
        self.table.write([{"Put": {"Item": audit_rows.to_item(entry)}}])

    def _count(self, change: Change) -> None:
        before, after = change.before, change.after
        goals = [each.goal_id for each in (before, after) if each and each.goal_id]
        for goal_id in dict.fromkeys(goals):
            if edges.standing(before, goal_id) != edges.standing(after, goal_id):
                edges.count(self.table, after.tenant_id, goal_id, after)
        if homes.standing(before) != homes.standing(after):
            homes.count(self.table, after)

    def _link(self, change: Change) -> None:
        """Bring the edges that the change touched in line with the track as it is now."""
        gained, lost = change.gained(), change.lost()
        if not gained and not lost:
            return
        tenant, track_id = change.after.tenant_id, change.after.id
        row = self.table.get(*keys.track(tenant, track_id))
        current = changes.references(rows.from_item(row) if row else None)
        for field, target in (*gained, *lost):
            if field != "goal_id":
                keep = (field, target) in current
                (edges.put if keep else edges.drop)(self.table, field, tenant, target, track_id)
        # Only now: a target that is deleted after this read finds the edge, and one deleted before is seen here.
        named = [keys.track(tenant, target) for _, target in gained]
        for found in self.table.get_many(named).values():
            target_track = rows.from_item(found)
            if target_track.deleted_at:
                self._detach(track_id, target_track)

    def _make_ready(self, change: Change) -> None:
        """Count what the task waits for, and when it came to its end or was reopened, what its dependents wait for.

        The edges stand by now: who became a dependent at the same moment is found here, or counts by itself.
        """
        before, after = change.before, change.after
        if not after.is_task:
            return
        if after.depends_on != (before.depends_on if before else ()):
            readiness.settle(self.table, after.tenant_id, after.id)
        if lifecycle.is_done(after.status) != (before is not None and lifecycle.is_done(before.status)):
            for ids in edges.dependents(self.table, after):
                for each in ids:
                    if time.monotonic() > self.table.deadline:
                        raise Unfinished
                    readiness.settle(self.table, after.tenant_id, each)

    def _detach_all(self, target: Track) -> None:
        """Take the deleted track out of everything that refers to it."""
        for ids in edges.referrers(self.table, target):
            found = self.table.get_many([keys.track(target.tenant_id, each) for each in ids])
            for row in found.values():
                if time.monotonic() > self.table.deadline:
                    raise Unfinished
                track = rows.from_item(row)
                if not track.deleted_at and changes.without(track, target.id):
                    self._detach(track.id, target)

    def _detach(self, track_id: str, target: Track) -> None:
        """Change one track so that it refers to the deleted one no more, in the name of who deleted that."""
        actor = Actor(
            target.tenant_id,
            target.changed_by,
            "agent" if target.changed_by_kind == "agent" else "user",
            frozenset(),
            "",
            source=target.changed_source,
        )
        for _ in range(edges.TRIES):
            row = self.table.get(*keys.track(target.tenant_id, track_id))
            track = rows.from_item(row) if row else None
            if track is None or track.deleted_at:
                return
            fields = changes.without(track, target.id)
            if not fields:
                return
            after = tracks.change(track, actor, target.changed_request, **fields)
            try:
                self.table.write([rows.update(track, after)])
            except ConditionFailed:
                logger.info("changed meanwhile, read again", extra={"track": track_id})
            else:
                return
        raise Busy(f"The track {track_id} changed all the time.")

    def _send(self) -> set[str]:
        """Send what was gathered; returns the numbers of the records whose events did not all go out."""
        outcome = self.bus.put([event.entry() for _, event in self.events])
        failed = set()
        for (number, event), error in zip(self.events, outcome, strict=True):
            if error:
                logger.error("event not sent", exc_info=error, extra={"event_id": event.id, "event_type": event.type})
                failed.add(number)
        return failed
