"""The root of our errors: what anyone may read, and what only the log may."""


class IdpError(Exception):
    """A refusal that we foresee.

    `public` is a constant of ours, never built from input; `detail` is for the operator's log.
    """

    public = "The request could not be carried out."
    status = 400

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.public)
        self.detail = detail


class Unavailable(IdpError):
    """The database does not answer: nothing is issued and nothing is called active (503)."""

    public = "The service is not available at the moment."
    status = 503


class SetupFault(IdpError):
    """The installation cannot serve: a setting, the schema or a key is wrong."""

    public = "The provider is not set up correctly."
    status = 500
