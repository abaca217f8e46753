"""One measured process: `python -m bench.worker VARIANT SCENARIO REQUESTS` prints microseconds of CPU per request, and
the memory that the process has then, in kilobytes.

`REQUESTS` 0 measures a cold start instead: this whole process's CPU up to the first answer, in microseconds.
"""

import json
import os
import re
import sys
import time
from pathlib import Path


def main(variant: str, scenario: str, requests: int) -> float:
    """Answer the requests and return the CPU time of one, in microseconds."""
    from bench.variants import VARIANTS, Context, request

    handler = VARIANTS[variant](scenario)
    context = Context()
    if requests == 0:
        _answered(handler(request(scenario, 0), context))
        return time.process_time() * 1e6
    for number in range(50):
        _answered(handler(request(scenario, number), context))
    events = [request(scenario, number) for number in range(50, 50 + requests)]
    started = time.process_time()
    for event in events:
        handler(event, context)
    return (time.process_time() - started) / requests * 1e6


def _resident() -> int:
    """Kilobytes of the process that are in memory."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found
    return int(found[1])


def _answered(answer: object) -> None:
    status = answer["statusCode"]  # type: ignore[index]
    if status not in (200, 201):
        raise SystemExit(f"answered {json.dumps(answer)[:500]}")


if __name__ == "__main__":
    out = os.dup(1)
    # What handlers log is part of their work; who reads it is not.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    result = main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    os.write(out, f"{result:.1f} {_resident()}\n".encode())
