"""What one sign-in is made of: the browser, what was judged, and who proved to be there."""

from dataclasses import dataclass
from datetime import datetime

from idp.judgement.service import Decided
from idp.kernel.errors import IdpError
from idp.policy.sign_in import Verdict
from idp.store.sessions import Session, Standing
from idp.store.users import User


@dataclass(frozen=True, slots=True)
class Browser:
    """What we know of the browser: its session and its turn in it, and its device credential.

    `challenged` is a session that has to be proved anew before it is good for anything again.
    """

    secret: str | None
    standing: Standing | None
    device_id: str | None
    challenged: Standing | None = None
    turn: str | None = None

    @property
    def sid(self) -> str | None:
        """The session that lives in this browser."""
        return self.standing.session.sid if self.standing else None

    @property
    def anybodys(self) -> Standing | None:
        """Whose session is here, challenged or not."""
        return self.standing or self.challenged

    def session_of(self, user_id: str) -> Session | None:
        """Return the session that is here, challenged or not, where it is this user's."""
        here = self.anybodys
        return here.session if here and here.user.id == user_id else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a sign-in still needs, and what the policy says of it.

    `amr` is what its session would say was shown; where `resumes` is the session that idled out
    here, that holds what was shown in it as well.
    """

    verdict: Verdict
    decided: Decided
    amr: tuple[str, ...]
    resumes: Session | None = None


@dataclass(frozen=True, slots=True)
class Proved:
    """Who proved to be there, by what, and for which session alone, if for one.

    `at` is the instant of the last proof, now where nothing is said. Binding a new factor is no
    proof of who binds it: then a session that stands is not `fresh`. `trust` says that this browser
    shall stand for the second step from now on, `stepped_up` that no more was asked than what the
    session had not shown yet. A sign-in was `judged`; what only adds to a session was not.
    `remember` says that the person wants to stay signed in when the window is closed, and
    `make_room` that another session of theirs may end for this one. `attempt` is the half-done
    sign-in that comes to its end here, whose id its decision has.
    """

    user: User
    amr: tuple[str, ...]
    sid: str | None = None
    at: datetime | None = None
    fresh: bool = True
    trust: bool = False
    stepped_up: bool = False
    judged: Judged | None = None
    remember: bool = False
    make_room: bool = False
    attempt: str | None = None


class StepLost(IdpError):
    """The session that a step went on from is over."""

    public = "That step is over."
