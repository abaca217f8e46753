"""POST /v1/imports/{id}/cancel"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import imports
from switchyard.surfaces.planning.import_models import ImportShown
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.cancel_import",
    "POST /v1/imports/{id}/cancel",
    scopes=("tasks:write",),
    reply=ImportShown,
)
def handler(call: Call) -> Reply:
    """Cancel an import: what it has written stays, and it writes nothing more."""
    return imports.cancel(call)
