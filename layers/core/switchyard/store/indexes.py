"""The table's secondary indexes, as template.yaml has them. Which attributes put an entity into them is in its file."""

from collections.abc import Iterable
from dataclasses import dataclass

#: What lists of projects are told apart by, and what seldom changes.
_SCOPE = ("owner", "project_ids")


@dataclass(frozen=True, slots=True)
class Index:
    """A secondary index, or the table itself (no name): its partition attribute, its sort attribute, what it copies.

    `projected` are the attributes that it copies beside the keys; None: all. DynamoDB takes 20 of an index at most, and
    100 of all indexes together (API reference, Projection). A projection can not be changed: another one is an index
    of another name (CloudFormation, AWS::DynamoDB::Table Projection: updates are not supported).
    """

    name: str | None
    partition: str
    sort: str
    projected: tuple[str, ...] | None = None

    @property
    def is_partial(self) -> bool:
        """Tell whether a row that is found here is to be read from the table to be shown."""
        return self.projected is not None

    def holds(self, attributes: Iterable[str]) -> bool:
        """Tell whether rows are found here with all these attributes."""
        return self.projected is None or {self.partition, self.sort, *self.projected}.issuperset(attributes)


TABLE = Index(None, "pk", "sk")
# Lists that are read all the time have a copy of each row: a page is one read.
LISTED_BY_ID = Index("listed-by-id", "list", "id")
LISTED_BY_RANK = Index("listed-by-rank", "list", "rank")
LISTED_BY_UPDATE = Index("listed-by-update", "list", "updated")
BY_ASSIGNEE = Index("by-assignee", "by_assignee", "rank")
BY_PROJECT = Index("by-project", "by_project", "rank")
BY_GOAL_NUMBER = Index("by-goal-number", "by_goal", "goal_rank")
BY_PRIORITY = Index("by-priority", "by_priority", "rank")
BY_RELATED = Index("by-related", "by_related", "rank")
BY_HOME = Index("by-home", "home", "id")
READY = Index("ready", "ready", "ready_rank")
READY_BY_PROJECT = Index("ready-by-project", "ready_by_project", "ready_rank")
# Others have the keys, and what they are narrowed by: a change of a task writes there only when one of these moves,
# and a page reads its rows from the table.
DUE = Index("due", "list", "due_rank", ("due", *_SCOPE))
OF_GOAL = Index("of-goal", "by_goal", "rank", _SCOPE)
OF_PARENT = Index("of-parent", "by_parent", "rank", ("type", *_SCOPE))
OF_DEPENDENCY = Index("of-dependency", "by_dependency", "rank", ("depends_on", *_SCOPE))

#: All of them.
SECONDARY = tuple(each for each in list(globals().values()) if isinstance(each, Index) and each.name)
