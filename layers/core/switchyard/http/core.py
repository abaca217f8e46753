"""pydantic's core: the compiled module alone, without the package that it lies in.

The package declares the types of schemas for type checkers, a hundred TypedDicts. Nothing here needs them, and that is
a third of the cold start of a function with a body (docs/performance.md). A later `import pydantic_core` finds the same
compiled module: there is one of it.
"""

import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import TYPE_CHECKING

_NAME = "pydantic_core._pydantic_core"


def _loaded() -> ModuleType:
    if _NAME not in sys.modules:
        package = find_spec("pydantic_core")
        spec = PathFinder.find_spec(_NAME, package.submodule_search_locations) if package else None
        if spec is None or spec.loader is None:
            raise ModuleNotFoundError(f"There is no {_NAME}.", name=_NAME)
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[_NAME] = module
    return sys.modules[_NAME]


if TYPE_CHECKING:
    from pydantic_core import SchemaValidator, ValidationError, from_json
else:
    _core = _loaded()
    SchemaValidator, ValidationError, from_json = _core.SchemaValidator, _core.ValidationError, _core.from_json

__all__ = ["SchemaValidator", "ValidationError", "from_json"]
