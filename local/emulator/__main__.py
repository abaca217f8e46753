"""Serve MiniStack on one port and the deployed HTTP API, at plain paths, on another.

Everything is told through the environment, which local/process.py writes.
"""

import asyncio
import logging
import os
import signal

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app as ministack

from local.emulator import api_import, http_api, indexes, limits, permissions, saving, states, streams, uploads, workers

API_PORT = int(os.environ["SWITCHYARD_API_PORT"])
AWS_PORT = int(os.environ["GATEWAY_PORT"])
ORDERS = {"/_switchyard/save": saving.save, "/_switchyard/restart": workers.stop_all}


async def dispatch(scope, receive, send):
    """Send a request to the HTTP API or to MiniStack, by the port it came in on."""
    if scope["type"] == "http" and scope["server"][1] == API_PORT:
        await http_api.app(scope, receive, send)
    elif scope["type"] == "http" and scope["path"] in ORDERS:
        ORDERS[scope["path"]]()
        await http_api.reply(send, 204, {}, b"")
    else:
        saving.note_request(scope)
        await ministack.app(scope, receive, send)


async def stop_without(parent: int, stop: asyncio.Event) -> None:
    """Stop when the process that started this one is gone, however it ended."""
    while os.getppid() == parent:
        await asyncio.sleep(0.5)
    stop.set()


async def main() -> None:
    """Serve until SIGTERM or SIGINT; MiniStack then saves its state."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    config = Config()
    config.bind = [f"127.0.0.1:{AWS_PORT}", f"127.0.0.1:{API_PORT}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 2
    # Each request would be a line; the functions' own log says what happened.
    logging.getLogger("hypercorn.access").disabled = True
    tasks = [asyncio.create_task(saving.save_regularly())]
    if "SWITCHYARD_PARENT" in os.environ:
        tasks.append(asyncio.create_task(stop_without(int(os.environ["SWITCHYARD_PARENT"]), stop)))
    try:
        await serve(dispatch, config, shutdown_trigger=stop.wait)
    finally:
        for task in tasks:
            task.cancel()
        workers.stop_all()


if __name__ == "__main__":
    workers.install()
    streams.install()
    indexes.install()
    permissions.install()
    api_import.install()
    limits.install()
    states.install()
    uploads.install()
    saving.install()
    asyncio.run(main())
