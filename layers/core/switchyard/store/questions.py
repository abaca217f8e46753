"""Questions in the table: rows in their task's partition, and the writes that ask and answer."""

from switchyard.domain.questions import Question
from switchyard.store import people_keys
from switchyard.store.codec import Codec
from switchyard.store.indexes import TABLE
from switchyard.store.lists import Page, Range, read_page
from switchyard.store.table import Item, Table

ROWS = Codec(Question, lambda each: people_keys.question(each.tenant_id, each.task_id, each.run_id, each.id))
to_item, from_item = ROWS.to_item, ROWS.from_item

#: The action that writes a new question.
put = ROWS.create


def answer(before: Question, after: Question) -> Item:
    """The action that answers: it holds only while there is no answer."""
    return ROWS.put(after, ROWS.unchanged(before, "answered_at"))


def of_run(table: Table, tenant_id: str, task_id: str, run_id: str, limit: int, after: str | None) -> Page:
    """Return rows of a run's questions, newest first: 1 query. A position is a question's id."""
    pk, prefix = people_keys.questions(tenant_id, task_id, run_id)
    return read_page(table, [Range(TABLE, pk, prefix=prefix)], limit=limit, after=after)
