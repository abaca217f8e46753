"""POST /v1/imports/{id}/start"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import imports
from switchyard.surfaces.planning.import_models import ImportShown
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.start_import",
    "POST /v1/imports/{id}/start",
    scopes=("tasks:write",),
    reply=ImportShown,
    status=202,
)
def handler(call: Call) -> Reply:
    """Start an import whose file is uploaded. One import of a tenant is under way at a time."""
    return imports.start(call)
