"""Exceptions of the client."""


class ServingError(OSError):
    """Error of a server, with the server's message if it has one, or lack of an answer.

    Attributes:
        code: gRPC's name of the error, such as "INVALID_ARGUMENT"; over REST, derived from the HTTP
            status.
        retry_after: Minimum seconds before a retry; None if the request should not be retried.
    """

    def __init__(self, message: str, code: str = "UNKNOWN", retry_after: float | None = None):
        super().__init__(message)
        self.code, self.retry_after = code, retry_after
