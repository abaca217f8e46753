"""Every endpoint of the checkout, found in its folder. For documentation and tests; no function imports this."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from switchyard.domain.structs import Struct
from switchyard.http.operation import Operation

ROOT = Path(__file__).resolve().parents[3]


class Endpoint(Struct):
    """One handler with what it promises, and the folder it lives in."""

    operation: Operation
    handler: Callable[[Any, Any], Any]
    folder: Path


def endpoints(root: Path = ROOT) -> list[Endpoint]:
    """Load functions/<surface>/<operation>/app.py, all that are HTTP endpoints, in the order of their names."""
    found = []
    for path in sorted(root.glob("functions/*/*/app.py")):
        handler = load(path).handler
        if hasattr(handler, "operation"):
            found.append(Endpoint(handler.operation, handler, path.parent))
    return found


def load(path: Path) -> Any:
    """Import one function's app.py under a name of its own."""
    name = "functions." + ".".join(path.parts[-3:-1])
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
