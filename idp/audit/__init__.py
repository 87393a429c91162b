"""Who did what, when and why: a catalogue of events and the one call that records them.

Where a change and its event are one statement, `note` is what it is given of the event.
"""

from idp.audit.log import note, record, record_all

__all__ = ["note", "record", "record_all"]
