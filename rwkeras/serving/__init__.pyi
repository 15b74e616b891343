"""Public names, which `rwkeras/serving/__init__.py` imports on first use."""

from .client.client import (
    Client,
)
from .client.errors import (
    ServingError,
)
from .client.reply import (
    Reply,
)
from .export import (
    export_decoder,
    export_task,
)
from .graph.tasks import (
    ServedInversion,
    ServedStyle,
    ServedTexture,
)
from .settings import (
    ServingSettings,
)

__all__ = [
    "Client",
    "Reply",
    "ServedInversion",
    "ServedStyle",
    "ServedTexture",
    "ServingError",
    "ServingSettings",
    "export_decoder",
    "export_task",
]
