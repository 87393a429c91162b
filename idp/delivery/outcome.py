"""How a delivery can fail; a reason names a class and a code, never an address or what was said."""


class NotDelivered(Exception):
    """It did not go out; `reason` may be logged."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotNow(NotDelivered):
    """It is tried again later."""


class Never(NotDelivered):
    """It is given up for good: another try would end the same way."""
