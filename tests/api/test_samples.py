"""Each sample event, run through its handler."""

import pytest

from switchyard.aws.objects import ObjectStore
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.samples import ENDPOINTS, build, replay, sample


@pytest.mark.parametrize("operation", sorted(ENDPOINTS))
def test_the_sample_event_is_answered_as_documented(
    operation: str, table: Table, bucket: ObjectStore, tenant: str, caller: Caller
) -> None:
    build(operation, table, bucket, tenant)
    answer = replay(operation, sample(operation, caller().token, tenant))
    promised = ENDPOINTS[operation].operation
    assert answer.status in (promised.status, promised.empty), answer.text
