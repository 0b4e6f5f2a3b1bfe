"""Why a request has no usable answer: an error code, and a sentence that names the host and nothing more."""

from webhooks.model import ErrorCode

NOTHING_SENT = "nothing was sent"
OUTCOME_UNKNOWN = "the outcome is unknown: the receiver may have got it"


class SendFailure(Exception):
    """Raised where the trouble is understood. No OSError: urllib3 and requests let it through as it is."""

    def __init__(self, code: ErrorCode, detail: str, *, final: bool = False) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.final = final
