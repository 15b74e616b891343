"""Settings of the studio: folder, address, and limits of uploads and storage."""

import ipaddress
from dataclasses import dataclass
from typing import Any

from rwkeras.settings import Settings, setting
from rwkeras.validation import invalid_argument

_MIB = 2**20
_PORTS = 65535


def _checked_folder(name: str, value: Any) -> str:
    if not (isinstance(value, str) and value):
        raise invalid_argument(name, "the path of a folder", value)
    return value


def _checked_host(name: str, value: Any) -> str:
    if not (isinstance(value, str) and value):
        raise invalid_argument(name, "an address of this machine", value)
    return value


@dataclass(frozen=True)
class StudioSettings(Settings):
    """Settings of the studio."""

    folder: str = setting(
        "studio",
        "Folder of pictures, jobs and results; created if it is missing.",
        check=_checked_folder,
    )
    host: str = setting(
        "127.0.0.1",
        "Address that the page is bound to: a loopback address, or any with a token.",
        check=_checked_host,
    )
    port: int = setting(8765, "Port of the page.", minimum=1, maximum=_PORTS)
    endpoint: str | None = setting(
        None,
        "Address of a TensorFlow Serving server that runs the jobs: http://HOST:PORT for REST, "
        "HOST:PORT for gRPC; None for this machine.",
    )
    max_bytes: int = setting(32 * _MIB, "Maximum size of an uploaded file, in bytes.", minimum=1)
    max_pixels: int = setting(
        24_000_000, "Maximum number of pixels of an uploaded picture.", minimum=1
    )
    max_pictures: int = setting(
        200,
        "Maximum number of pictures kept. The oldest that no result uses are deleted first.",
        minimum=1,
    )
    max_waiting: int = setting(24, "Maximum number of waiting jobs.", minimum=1)
    max_side: int = setting(1024, "Maximum longer side of a result, in pixels.", minimum=32)
    max_kept: int = setting(
        1024 * _MIB,
        "Maximum size of results and pictures on disk together, in bytes. The oldest results are "
        "deleted first.",
        minimum=1,
    )

    @property
    def is_local(self) -> bool:
        """Whether the page is reachable only from this machine."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Returns whether a host is "localhost" or a loopback address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
