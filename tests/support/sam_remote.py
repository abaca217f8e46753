"""`sam remote invoke` many times in one process: what the command runs for a function, without starting SAM for each.

`.local/envs/sam/bin/python -P tests/support/sam_remote.py < calls.json`: the calls are pairs of a function's logical id
and its event; printed are their answers, as JSON, in the same order. -P: see sam_view.py.
"""

import io
import json
import os
import sys
from functools import cache
from typing import Any

from samcli.commands.remote.remote_invoke_context import RemoteInvokeContext
from samcli.lib.remote_invoke.remote_invoke_executors import RemoteInvokeExecutionInfo, RemoteInvokeOutputFormat
from samcli.lib.utils.boto_utils import get_boto_client_provider_with_config, get_boto_resource_provider_with_config
from samcli.lib.utils.stream_writer import StreamWriter

REGION = os.environ["AWS_DEFAULT_REGION"]
# The command makes its clients anew each time, which takes most of its time.
CLIENTS = cache(get_boto_client_provider_with_config(region=REGION))
RESOURCES = cache(get_boto_resource_provider_with_config(region=REGION))


class Captured(RemoteInvokeContext):
    """Keeps the answer and the log that the command would print."""

    def __init__(self, function: str, stack: str) -> None:
        super().__init__(
            boto_client_provider=CLIENTS,
            boto_resource_provider=RESOURCES,
            stack_name=stack,
            resource_id=function,
        )
        self.answer, self.log = io.StringIO(), io.StringIO()

    @property
    def stdout(self) -> StreamWriter:
        return StreamWriter(self.answer)

    @property
    def stderr(self) -> StreamWriter:
        return StreamWriter(self.log)


def invoke(function: str, event: Any) -> Any:
    """The function's answer to an event."""
    asked = RemoteInvokeExecutionInfo(
        payload=json.dumps(event),
        payload_file=None,
        tenant_id=None,
        durable_execution_name=None,
        parameters={},
        output_format=RemoteInvokeOutputFormat.TEXT,
    )
    with Captured(function, "switchyard") as context:
        context.run(asked)
    return json.loads(context.answer.getvalue())


if __name__ == "__main__":
    print(json.dumps([invoke(function, event) for function, event in json.load(sys.stdin)]))
