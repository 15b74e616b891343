"""Exceptions of the client."""


class ServingError(OSError):
    """A server's error, or that no server answered; its text is the server's own where it has one.

    Attributes:
        code: One of gRPC's names, such as "INVALID_ARGUMENT"; over REST, that of the HTTP status.
        retry_after: After how many seconds at least the same request may succeed; None if it is not
            to be sent again.
    """

    def __init__(self, message: str, code: str = "UNKNOWN", retry_after: float | None = None):
        super().__init__(message)
        self.code, self.retry_after = code, retry_after
