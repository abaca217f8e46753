"""What runs one function: a replacement of Lambda's Python runtime, one invocation a line.

Started as a bare interpreter (no site-packages, no PYTHON* variables), so that a function finds what AWS would
give it: its own code, its layers and the standard library. The first line on stdin says what to import; each
line after it is an invocation, answered by a line on stdout. Whatever the function prints goes to stderr.
"""

import importlib
import json
import os
import sys
import time
import traceback

# Ends the log of one invocation on stderr, so that the reader need not guess when all of it has arrived.
END_OF_LOG = "\0"


class Context:
    """The second argument of a handler."""

    identity = None
    client_context = None

    def __init__(self, call: dict) -> None:
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = int(os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"])
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.aws_request_id = call["request_id"]
        self.invoked_function_arn = call["invoked_function_arn"]
        self._deadline = time.monotonic() + call["timeout_ms"] / 1000

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation is stopped."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def failure_of(error: BaseException) -> dict:
    """An exception as Lambda reports it."""
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "stackTrace": traceback.format_tb(error.__traceback__),
    }


def answer(handler, message: dict) -> dict:
    """Run one invocation; a raised exception is an answer too, and the process lives on."""
    call = message["ctx"]
    os.environ.pop("_X_AMZN_TRACE_ID", None)
    if call.get("trace_id"):
        os.environ["_X_AMZN_TRACE_ID"] = call["trace_id"]
    started = time.perf_counter()
    try:
        result = json.loads(json.dumps(handler(message["event"], Context(call))))
        return {"status": "ok", "result": result, "seconds": time.perf_counter() - started}
    except Exception as error:  # noqa: BLE001 - whatever a handler raises is its answer
        traceback.print_exc()
        return {"status": "ok", "failure": failure_of(error), "seconds": time.perf_counter() - started}


def main() -> None:
    """Import the handler, then answer invocations until stdin closes."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def send(reply: dict) -> None:
        sys.stdout.flush()
        print(END_OF_LOG, file=sys.stderr, flush=True)
        print(json.dumps(reply), file=replies, flush=True)

    start = json.loads(sys.stdin.readline())
    sys.path[:0] = start["path"]
    try:
        handler = getattr(importlib.import_module(start["module"]), start["handler"])
    except Exception as error:  # noqa: BLE001 - whatever an import raises is reported
        traceback.print_exc()
        send({"status": "error", "error": f"{type(error).__name__}: {error}"})
        return
    send({"status": "ready"})
    for line in sys.stdin:
        send(answer(handler, json.loads(line)))


if __name__ == "__main__":
    main()
