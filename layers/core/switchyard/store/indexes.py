"""The table's secondary indexes, as template.yaml has them. Which attributes put an entity into them is in its file."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Index:
    """A secondary index, or the table itself (no name): its partition attribute, its sort attribute, what it copies."""

    name: str | None
    partition: str
    sort: str
    projection: str = "ALL"


TABLE = Index(None, "pk", "sk")
LISTED_BY_ID = Index("listed-by-id", "list", "id")
LISTED_BY_RANK = Index("listed-by-rank", "list", "rank")
LISTED_BY_UPDATE = Index("listed-by-update", "list", "updated")
LISTED_BY_DUE = Index("listed-by-due", "list", "due_rank")
BY_ASSIGNEE = Index("by-assignee", "by_assignee", "rank")
BY_PROJECT = Index("by-project", "by_project", "rank")
BY_GOAL = Index("by-goal", "by_goal", "rank")
BY_GOAL_NUMBER = Index("by-goal-number", "by_goal", "goal_rank")
BY_PARENT = Index("by-parent", "by_parent", "rank")
BY_DEPENDENCY = Index("by-dependency", "by_dependency", "rank")
BY_RELATED = Index("by-related", "by_related", "rank")
BY_PRIORITY = Index("by-priority", "by_priority", "rank")
BY_HOME = Index("by-home", "home", "id")
READY = Index("ready", "ready", "ready_rank")
READY_BY_PROJECT = Index("ready-by-project", "ready_by_project", "ready_rank")

#: All of them.
SECONDARY = tuple(each for each in list(globals().values()) if isinstance(each, Index) and each.name)
