"""Who is told of trouble while it lasts, and when not: the table ``[alerts]`` of ``bandroom.toml``."""

from pydantic import BaseModel, ConfigDict


class AlertSettings(BaseModel):
    """Nobody is told until a channel is named."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
