"""What works out deferred rows: one handler per kind, supplied by the rooms below.

A handler runs in a transaction that also marks its row as done, so what it writes and the mail that
it queues happen once. It raises when it cannot do its work now; then the row is tried again.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from idp.admission.wiring import HANDLERS as ADMISSION
from idp.context import RequestContext

Handler = Callable[[RequestContext, dict[str, str]], None]

HANDLERS: Mapping[str, Handler] = MappingProxyType({**ADMISSION})
