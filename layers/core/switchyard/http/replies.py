"""What the service's own endpoints answer."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Health(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    status: Literal["ok"]
    version: str
