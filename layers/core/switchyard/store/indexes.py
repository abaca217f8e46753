"""The table's secondary indexes, as template.yaml has them. Which attributes put an entity into them is in its file."""

from collections.abc import Iterable

from switchyard.domain.structs import Struct

#: The attribute of a packed row that holds its fields (store/packing.py).
FIELDS = "fields"
#: The same of a row whose fields are long. No index copies it: a page reads such a row from the table.
LONG_FIELDS = "long_fields"
#: What lists show of a task, less the end of its lease: an index that copies this shows a page without a second read.
_COPY = (FIELDS, "version", "holder", "fence", "open_dependencies")
#: The same of tasks and goals.
_COPY_OF_ALL = (*_COPY, "tasks_total", "tasks_done")
#: What lists of projects are told apart by, and what seldom changes.
_SCOPE = ("owner", "project_ids")


class Index(Struct):
    """A secondary index, or the table itself (no name): its partition attribute, its sort attribute, what it copies.

    `projected` are the attributes that it copies beside the keys. DynamoDB takes 20 of an index at most, and
    100 of all indexes together (API reference, Projection). A projection can not be changed: another one is an index
    of another name (CloudFormation, AWS::DynamoDB::Table Projection: updates are not supported).
    """

    name: str | None
    partition: str
    sort: str
    projected: tuple[str, ...] = ()

    def holds(self, attributes: Iterable[str]) -> bool:
        """Tell whether rows are found here with all these attributes as they are, each on its own."""
        return {self.partition, self.sort, *self.projected}.issuperset(attributes)


TABLE = Index(None, "pk", "sk")
# Lists that are read all the time have a copy of each row: a page is one read.
LISTED_BY_ID = Index("list-id", "list", "id", (*_COPY_OF_ALL, "actor_id"))
LISTED_BY_RANK = Index("list-rank", "list", "rank", _COPY_OF_ALL)
LISTED_BY_UPDATE = Index("list-updated", "list", "updated", _COPY_OF_ALL)
BY_ASSIGNEE = Index("assignee-rank", "by_assignee", "rank", _COPY_OF_ALL)
BY_PROJECT = Index("project-rank", "by_project", "rank", _COPY_OF_ALL)
BY_GOAL_NUMBER = Index("goal-number", "by_goal", "goal_rank", _COPY)
BY_PRIORITY = Index("priority-rank", "by_priority", "rank", _COPY)
BY_RELATED = Index("related-rank", "by_related", "rank", _COPY)
BY_HOME = Index("home-id", "home", "id", _COPY)
READY = Index("ready-rank", "ready", "ready_rank", _COPY)
READY_BY_PROJECT = Index("ready-project-rank", "ready_by_project", "ready_rank", _COPY)
# Others have the keys, and what they are narrowed by: a change of a task writes there only when one of these moves,
# and a page reads its rows from the table.
DUE = Index("due", "list", "due_rank", ("due", *_SCOPE))
OF_GOAL = Index("of-goal", "by_goal", "rank", _SCOPE)
OF_PARENT = Index("of-parent", "by_parent", "rank", ("type", *_SCOPE))
OF_DEPENDENCY = Index("of-dependency", "by_dependency", "rank", ("depends_on", *_SCOPE))

#: All of them.
SECONDARY = tuple(each for each in list(globals().values()) if isinstance(each, Index) and each.name)
