"""Settings of the client."""

from dataclasses import dataclass

from rwkeras.settings import Settings, setting


@dataclass(frozen=True)
class ClientSettings(Settings):
    """Limits of a client's calls."""

    timeout: float = setting(
        300.0, "Maximum seconds of a call, including all retries.", exclusive=True
    )
    retries: int = setting(
        3, "Maximum number of retries while the server is busy or unavailable.", minimum=0
    )
