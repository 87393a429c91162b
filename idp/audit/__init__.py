"""Who did what, when and why: a catalogue of events and the one call that records them."""

from idp.audit.log import record

__all__ = ["record"]
