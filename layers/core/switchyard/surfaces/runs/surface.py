"""The runs surface: its name, the format of its errors, and the rows that its paths name."""

from collections.abc import Mapping, Sequence

from switchyard.domain.ids import parse_id
from switchyard.http.problems import native_surface
from switchyard.ledger.unit import RowKey
from switchyard.store import keys, people_keys

RUNS = native_surface("runs")


def rows_of_path(tenant_id: str, path: Mapping[str, str]) -> Sequence[RowKey]:
    """Return the keys of the task, the run and its question, as far as the path has them: what is read first."""
    task_id, run_id = parse_id(path["task_id"]), parse_id(path["run_id"])
    if task_id is None or run_id is None:
        return []
    rows = [keys.track(tenant_id, task_id), keys.run(tenant_id, task_id, run_id)]
    question_id = parse_id(path.get("question_id", ""))
    return rows + ([people_keys.question(tenant_id, task_id, run_id, question_id)] if question_id else [])
