"""A program written with the published client: `python cadenya_program.py sync|async`, run in its own environment.

Each line of its input is a call as JSON: `options` for the client, `call` the dotted name of the method, `args`,
`kwargs`, and `pages` to iterate over what it returns. Each line of its output is what the client made of it:
`result`, or `error` with the class of the exception, its status and body.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from functools import reduce
from typing import Any

import cadenya

Order = dict[str, Any]


def method(client: Any, order: Order) -> Any:
    return reduce(getattr, order["call"].split("."), client)


def sync_call(order: Order) -> Any:
    with cadenya.Cadenya(**order["options"]) as client:
        found = method(client, order)(*order["args"], **order["kwargs"])
        return [shown(each) for each in found] if order["pages"] else shown(found)


async def async_call(order: Order) -> Any:
    async with cadenya.AsyncCadenya(**order["options"]) as client:
        found = method(client, order)(*order["args"], **order["kwargs"])
        return [shown(each) async for each in found] if order["pages"] else shown(await found)


def shown(model: cadenya.BaseModel) -> Any:
    """A model as its user sees it: Python's field names, parsed values."""
    return model.to_dict(mode="json", use_api_names=False)


def outcome(call: Callable[[Order], Any], order: Order) -> dict[str, Any]:
    try:
        return {"result": call(order)}
    except cadenya.APIStatusError as error:
        return {"error": type(error).__name__, "status": error.status_code, "body": error.body}


if __name__ == "__main__":
    chosen = {"sync": sync_call, "async": lambda order: asyncio.run(async_call(order))}[sys.argv[1]]
    for line in sys.stdin:
        print(json.dumps(outcome(chosen, json.loads(line))), flush=True)
