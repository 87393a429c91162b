"""Signed tickets between the hosted steps; what they are is said in `idp.kernel.tickets`."""

from idp.kernel.tickets import MAX_LENGTH, issue, read

__all__ = ["MAX_LENGTH", "issue", "read"]
