"""POST /v1/runs/{task_id}/{run_id}/questions"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.runs import questions
from switchyard.surfaces.runs.models import QuestionShown
from switchyard.surfaces.runs.question_models import Ask
from switchyard.surfaces.runs.surface import RUNS, rows_of_path


@endpoint(
    RUNS,
    "runs.ask_question",
    "POST /v1/runs/{task_id}/{run_id}/questions",
    scopes=("tasks:write",),
    body=Ask,
    reply=QuestionShown,
    status=201,
    reads=rows_of_path,
)
def handler(call: Call[Ask]) -> Reply:
    """Ask a question in the name of a run, which waits for the answer."""
    return questions.ask(call)
