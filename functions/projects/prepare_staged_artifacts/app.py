"""POST /api/projects/{project}/tasks/{task_id}/staged_artifacts/prepare_upload"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import scope, staged
from switchyard.surfaces.projects.artifact_models import Prepared, PrepareUpload
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.prepare_staged_artifacts",
    "POST /api/projects/{project}/tasks/{task_id}/staged_artifacts/prepare_upload",
    scopes=("tasks:write",),
    body=PrepareUpload,
    reply=Prepared,
    keyed=False,
    reads=scope.rows_of_path,
)
def handler(call: Call[PrepareUpload]) -> Reply:
    """Get forms that upload files for the task's next run."""
    return staged.prepare(call)
