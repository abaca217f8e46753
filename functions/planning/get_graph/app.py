"""GET /v1/tracks/{id}/graph"""

from switchyard.http.endpoint import Call, Reply, endpoint, the_track
from switchyard.surfaces.planning.graph import graph
from switchyard.surfaces.planning.replies import GraphShown
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.get_graph",
    "GET /v1/tracks/{id}/graph",
    scopes=("tasks:read",),
    reply=GraphShown,
    reads=the_track,
)
def handler(call: Call) -> Reply:
    """Show the dependency graph: nodes, edges, ready and blocked tasks, the critical path's length."""
    return graph(call)
