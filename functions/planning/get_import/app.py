"""GET /v1/imports/{id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import imports
from switchyard.surfaces.planning.import_models import ImportShown
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.get_import",
    "GET /v1/imports/{id}",
    scopes=("tasks:read",),
    reply=ImportShown,
)
def handler(call: Call) -> Reply:
    """Show how far an import is, and where the results of its lines are when it is over."""
    return imports.show(call)
