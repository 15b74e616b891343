"""Settings of the studio, with the limits of what it takes and keeps."""

import ipaddress
from dataclasses import dataclass

from rwkeras.validation import check_number, invalid_argument, plain_numbers

_MIB = 2**20


@dataclass(frozen=True)
class StudioSettings:
    """Settings of the studio.

    Attributes:
        folder: Where pictures, jobs and results are kept; made if it is missing.
        host: The address that the page is bound to.
        port: Its port.
        endpoint: A TensorFlow Serving server that does the work, as `Client` takes its address;
            None for this machine.
        max_bytes: The size of a file that is dropped, at most, in bytes.
        max_pixels: The pixels of a picture that is dropped, at most.
        max_pictures: How many pictures are kept at most. Of those that no result is made of, the
            oldest give way.
        max_waiting: How many jobs wait at most.
        max_side: The longer side of a result, at most, in pixels.
        max_kept: What results and pictures take on the disk together at most, in bytes: the oldest
            results give way.
    """

    folder: str = "studio"
    host: str = "127.0.0.1"
    port: int = 8765
    endpoint: str | None = None
    max_bytes: int = 32 * _MIB
    max_pixels: int = 24_000_000
    max_pictures: int = 200
    max_waiting: int = 24
    max_side: int = 1024
    max_kept: int = 1024 * _MIB

    def __post_init__(self):
        plain_numbers(self)
        if not (isinstance(self.folder, str) and self.folder):
            raise invalid_argument("folder", "the path of a folder", self.folder)
        if not (isinstance(self.host, str) and self.host):
            raise invalid_argument("host", "an address of this machine", self.host)
        check_number("port", self.port, integer=True, minimum=1)
        if self.port > 65535:
            raise invalid_argument("port", "at most 65535", self.port)
        for name in ("max_bytes", "max_pixels", "max_pictures", "max_waiting", "max_kept"):
            check_number(name, getattr(self, name), integer=True, minimum=1)
        check_number("max_side", self.max_side, integer=True, minimum=32)

    @property
    def is_local(self) -> bool:
        """Whether nobody but this machine can reach the page."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Returns whether a host is this machine alone, by its address or as "localhost"."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
