"""What follows from the table's stream: audit trail, reverse edges, counts, readiness, detachment, domain events.

Every step may be repeated and may come late. Entries and events are derived from the record alone and have fixed names;
edges, readiness and detachment follow the rows as they are now; counts remember which version they hold. So a
record that is delivered again, or a consumer that ends between two steps, changes nothing and loses nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from switchyard.aws.sending import Outcome, send_all
from switchyard.aws.telemetry import logger
from switchyard.domain import audit, changes, inbox, lifecycle
from switchyard.domain.changes import Change
from switchyard.domain.errors import Busy
from switchyard.domain.run_changes import RunChange
from switchyard.domain.structs import Struct, replace
from switchyard.domain.tracks import Track
from switchyard.pipeline import detachment, records, run_events
from switchyard.pipeline.batches import Outbox, Sender
from switchyard.pipeline.consumer import check_time
from switchyard.pipeline.domain_events import DomainEvent, comment_event, events_of, stuck_event
from switchyard.pipeline.records import CommentChange
from switchyard.pipeline.tallies import Tally
from switchyard.store import audit as audit_rows
from switchyard.store import edges, homes, keys, people_keys, questions, readiness
from switchyard.store import inbox as inbox_rows
from switchyard.store import tracks as track_rows
from switchyard.store.codec import to_json
from switchyard.store.readiness import Rows
from switchyard.store.table import Item, Table

if TYPE_CHECKING:
    from switchyard.domain.schedules import Occurrence
    from switchyard.pipeline.schedule_events import ScheduleChange

#: Bytes of one BatchWriteItem: 16 MB (API reference).
_REQUEST_BYTES = 4_000_000


class AuditTrail(Struct):
    """Takes entries, those of a batch in few requests; what it has already it has again."""

    table: Table

    def send(self, entries: Sequence[Item]) -> Outcome:
        """Put all entries; returns for each what it finally failed with, or None."""
        return send_all(entries, lambda entry: len(to_json(entry)), _REQUEST_BYTES, self._post, self.table.deadline)

    def _post(self, entries: Sequence[Item]) -> Outcome:
        # A request may not have a key twice; entries of one name are the same.
        rows = {(each["pk"]["S"], each["sk"]["S"]): each for each in entries}
        try:
            self.table.put_many(list(rows.values()))
        except Busy as busy:
            return [busy] * len(entries)
        return [None] * len(entries)


class Projector(Struct):
    """Carries records of the stream to everything that follows from them.

    `outbox` takes events for the `bus`, and tasks to be counted until `end` (time.monotonic), until the batch is over.
    """

    table: Table
    bus: Sender
    end: float
    outbox: Outbox

    def take(self, record: Mapping[str, Any]) -> None:
        """Do all that follows from one record. Raises Unfinished when the time is over."""
        happened = records.read(record)
        if isinstance(happened, audit.Entry):
            self._audit(happened)
        elif isinstance(happened, RunChange):
            if happened.status_changed or happened.meanings:
                self._tell_run(happened)
        elif isinstance(happened, CommentChange):
            self._tell_comment(happened)
        elif isinstance(happened, Change):
            self._audit(audit.entry_of_change(happened))
            self._deliver(inbox.of_change(happened))
            self._publish(events_of(happened))
            self._count(happened)
            self._make_ready(happened, self._link(happened))
            if happened.deleted:
                detachment.detach_all(self.table, happened.after)
        elif happened:
            self._tell_schedule(happened)

    def _tell_schedule(self, happened: "ScheduleChange | Occurrence") -> None:
        """Note a schedule's change in the trail, and publish it, or what became of an occurrence."""
        # Imported here: there are few of them.
        from switchyard.pipeline import schedule_events

        if isinstance(happened, schedule_events.ScheduleChange):
            self._audit(schedule_events.entry_of(happened))
        self._publish(schedule_events.events_of(happened))

    def _tell_run(self, change: RunChange) -> None:
        """Publish a run's change to those who may see its task now, with the question that it is about."""
        run = change.after
        wanted = [keys.track(run.tenant_id, run.task_id)]
        if run.question_id and (change.asked or change.answered):
            wanted.append(people_keys.question(run.tenant_id, run.task_id, run.id, run.question_id))
        found = self.table.get_many(wanted)
        task_row, question_row = found.get(wanted[0]), found.get(wanted[-1]) if len(wanted) > 1 else None
        task = track_rows.from_item(task_row) if task_row else None
        question = questions.from_item(question_row) if question_row else None
        if task:
            change = replace(change, after=replace(run, owner=task.owner))
        if change.status_changed or question:
            self._audit(replace(audit.entry_of_run(change, question), shard=task.shard if task else 0))
        if task:
            self._deliver(inbox.of_run(change, task, question))
        self._publish(run_events.events_of(change, question))
        changed = {"run": run.id, "status": run.status, "what": ",".join(change.meanings), "tenant": run.tenant_id}
        logger.info("run changed", extra={**changed, "correlation_id": run.id})

    def _tell_comment(self, change: CommentChange) -> None:
        """Note a comment in its track's trail, and publish a new one, to those who may see the track now."""
        before, after = change
        row = self.table.get(*keys.track(after.tenant_id, after.track_id))
        if row is None:
            return
        track = track_rows.from_item(row)
        self._audit(audit.entry_of_comment(before, after, track))
        if before is None:
            self._deliver(inbox.of_comment(after, track))
            self._publish([comment_event(after, track)])

    def _publish(self, events: Iterable[DomainEvent]) -> None:
        for event in events:
            self.outbox.put(self.bus, event.entry())

    def _deliver(self, items: Iterable[inbox.Item]) -> None:
        for item in items:
            inbox_rows.put(self.table, item)

    def _audit(self, entry: audit.Entry) -> None:
        self.outbox.put(AuditTrail(self.table), audit_rows.to_item(entry))

    def _count(self, change: Change) -> None:
        before, after = change.before, change.after
        goals = [each.goal_id for each in (before, after) if each and each.goal_id]
        for goal_id in dict.fromkeys(goals):
            if edges.standing(before, goal_id) != edges.standing(after, goal_id):
                self.outbox.put(Tally(self.table, self.end, edges.count), ((after.tenant_id, goal_id), after))
        if homes.standing(before) != homes.standing(after):
            self.outbox.put(Tally(self.table, self.end, homes.count), ((after.tenant_id,), after))

    def _link(self, change: Change) -> Rows:
        """Bring the edges that the change touched in line with the track as it is now; returns the rows that were read.

        2 round trips for what was gained, and 1 more for each edge that goes.
        """
        gained, lost = change.gained(), change.lost()
        if not gained and not lost:
            return {}
        tenant, track_id = change.after.tenant_id, change.after.id
        edges.put_all(self.table, tenant, track_id, [each for each in gained if each[0] != "goal_id"])
        # Only now: a target that is deleted after this read finds the edge, and one deleted before is seen here.
        own, named = keys.track(tenant, track_id), [keys.track(tenant, target) for _, target in gained]
        rows = self.table.get_many([own, *named])
        current = changes.references(track_rows.from_item(rows[own]) if own in rows else None)
        for field, target in (*gained, *lost):
            if field == "goal_id":
                continue
            if (field, target) not in current:
                edges.drop(self.table, field, tenant, target, track_id)
            elif (field, target) in lost:
                edges.put(self.table, field, tenant, target, track_id)
        for key in named:
            target_track = track_rows.from_item(rows[key]) if key in rows else None
            if target_track and target_track.deleted_at:
                detachment.detach(self.table, track_id, target_track)
        return rows

    def _make_ready(self, change: Change, known: Rows) -> None:
        """Count what the task waits for, and when it came to its end or was reopened, what its dependents wait for.

        The edges are written by now: a task that became a dependent at the same moment is found here, or is counted
        with its own record.
        """
        before, after = change.before, change.after
        if not after.is_task:
            return
        if after.depends_on != (before.depends_on if before else ()):
            readiness.recount(self.table, after.tenant_id, after.id, known)
        if change.lost_for_dependents:
            self._tell_stuck(after)
        if lifecycle.is_done(after.status) != (before is not None and lifecycle.is_done(before.status)):
            for ids in edges.dependents(self.table, after):
                for each in ids:
                    check_time(self.table.deadline)
                    readiness.recount(self.table, after.tenant_id, each)

    def _tell_stuck(self, lost: Track) -> None:
        """Publish the open tasks that wait for one which will never be done: a person must resolve that."""
        for ids in edges.dependents(self.table, lost):
            for row in self.table.get_many([keys.track(lost.tenant_id, each) for each in ids]).values():
                check_time(self.table.deadline)
                task = track_rows.from_item(row)
                if not task.deleted_at and task.status not in lifecycle.FINAL and lost.id in task.depends_on:
                    self._publish([stuck_event(task, lost)])
