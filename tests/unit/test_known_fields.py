"""What a refusal says in place of an unknown field, for every body and query of the API and every tool."""

import pytest

from switchyard.catalogue import endpoints
from switchyard.http.known_fields import instead_of
from switchyard.http.models import Model
from switchyard.mcp.tools import TOOLS

_OPERATIONS = [each.operation for each in endpoints()]
MODELS = {
    *(model for each in _OPERATIONS for model in (each.body, each.query) if model),
    *(tool.input for tool in TOOLS.values()),
}


@pytest.mark.parametrize("model", sorted(MODELS, key=lambda each: (each.__module__, each.__name__)))
def test_every_model_says_which_fields_it_knows(model: type[Model]) -> None:
    names = [info.alias or name for name, info in model.model_fields.items()]
    expected = instead_of(model, ("nonsense",), "x")
    assert expected == (f"one of {', '.join(names)}" if names else "no field")
    for name in names:
        assert instead_of(model, (name.upper() + "_",), "x") == name
