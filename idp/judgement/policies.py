"""The policies in force: the one that is judged by, and a draft that is only tried out."""

from datetime import datetime
from pathlib import Path

from idp.kernel.errors import SetupFault
from idp.policy.book import Policy
from idp.policy.built_in import built_in
from idp.policy.reading import policy_of
from idp.settings import Settings
from idp.surroundings.watched import Unreadable, Watched

_LARGEST = 1024 * 1024


class Policies:
    """Holds the policies of this process; their files are read anew when they change.

    One that is broken by then leaves standing what was read before: nobody is judged by half a
    policy.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        current = policy_in_force(settings)
        self._current = Watched[Policy](settings.policy_file, self._read_anew, current)
        draft = draft_of(settings)
        self._draft = Watched[Policy | None](settings.policy_draft_file, self._read_anew, draft)

    def current(self, now: datetime) -> Policy:
        """Return the policy that everybody is judged by."""
        del now  # files change by another clock
        return self._current.content()

    def draft(self, now: datetime) -> Policy | None:
        """Return the policy that is tried out beside it, if one is."""
        del now
        return self._draft.content()

    def _read_anew(self, path: Path) -> Policy:
        try:
            return read_policy(path, self._settings)
        except SetupFault as fault:
            raise Unreadable(fault.detail) from fault


def policy_in_force(settings: Settings) -> Policy:
    """Return the policy that these settings name.

    Raises:
        SetupFault: its file is broken; one line per fault.
    """
    path = settings.policy_file
    if path is None:
        return built_in(settings)
    return read_policy(path, settings, f"IDP_POLICY_FILE: {path}: ")


def draft_of(settings: Settings) -> Policy | None:
    """Return the policy that is only tried out, if these settings name one.

    Raises:
        SetupFault: its file is broken; one line per fault.
    """
    path = settings.policy_draft_file
    if path is None:
        return None
    return read_policy(path, settings, f"IDP_POLICY_DRAFT_FILE: {path}: ")


def read_policy(path: Path, settings: Settings, prefix: str = "") -> Policy:
    """Return the policy that a file says.

    Raises:
        SetupFault: it cannot be read or is broken; one line per fault, each behind the prefix.
    """
    try:
        return policy_of(_text(path), settings)
    except SetupFault as fault:
        raise SetupFault("\n".join(prefix + line for line in fault.detail.splitlines())) from fault


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1)
        if len(text) > _LARGEST:
            raise SetupFault("it is larger than a mebibyte")
        # Some editors begin with a mark that is not for people to see.
        return text.decode("utf-8-sig")
    except OSError as error:
        raise SetupFault(f"it cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SetupFault("it is not UTF-8") from error
