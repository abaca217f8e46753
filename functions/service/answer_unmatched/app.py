"""$default"""

from pathlib import Path

from switchyard.unmatched import default_route

# Beside this file lies the table of routes, which `make openapi` writes.
handler = default_route(Path(__file__).with_name("routes.json"))
