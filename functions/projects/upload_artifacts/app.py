"""POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/artifacts"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import run_artifacts, scope
from switchyard.surfaces.projects.artifact_models import Manifest, UploadArtifacts
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.upload_artifacts",
    "POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/artifacts",
    scopes=("tasks:write",),
    body=UploadArtifacts,
    reply=Manifest,
    reads=scope.rows_of_path,
)
def handler(call: Call[UploadArtifacts]) -> Reply:
    """Add small files to a run."""
    return run_artifacts.upload(call)
