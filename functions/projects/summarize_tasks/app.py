"""POST /api/projects/{project}/tasks/summaries"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import listing
from switchyard.surfaces.projects.inputs import Paging
from switchyard.surfaces.projects.models import Summaries
from switchyard.surfaces.projects.replies import SummariesPage
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.summarize_tasks",
    "POST /api/projects/{project}/tasks/summaries",
    scopes=("tasks:read", "tasks:write"),
    body=Summaries,
    query=Paging,
    reply=SummariesPage,
    keyed=False,
)
def handler(call: Call[Summaries, Paging]) -> Reply:
    """Read the summaries of many tasks by their ids."""
    return listing.summaries(call)
