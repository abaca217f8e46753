"""Each sample event, run through its handler: its answer is the example that docs/openapi.json shows."""

import os

import pytest

from switchyard.aws.objects import ObjectStore
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support import answers
from tests.support.samples import ENDPOINTS, build, replay, sample, status_of


@pytest.mark.parametrize("operation", sorted(ENDPOINTS))
def test_the_sample_event_is_answered_as_documented(
    operation: str, table: Table, bucket: ObjectStore, tenant: str, caller: Caller
) -> None:
    build(operation, table, bucket, tenant)
    answer = replay(operation, sample(operation, caller().token, tenant))
    assert answer.status == status_of(operation), answer.text
    path, shown = answers.path_of(operation), answers.shown(answer, tenant)
    if os.environ.get("UPDATE_DOCS"):
        path.unlink(missing_ok=True)
        if shown:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(shown)
    kept = path.read_text() if path.exists() else None
    assert shown == kept, f"{path} is stale: UPDATE_DOCS=1 pytest {__file__} -k {operation}, then make openapi"
