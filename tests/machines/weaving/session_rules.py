"""Judges what became of a session: stopped, proved and ended, and who was told (I4 to I7)."""

from collections import Counter
from collections.abc import Iterator

from tests.machines.weaving.record import Done, Record
from tests.machines.weaving.scene import SESSION

_TIMEOUTS = ("idle_timeout", "absolute_timeout")


def explained(record: Record, refused: Done) -> bool:
    """Tell whether somebody stopped or proved the session, so that this was rightly refused."""
    operation = refused.operation
    before = [d for d in record.done if d is not refused and d.started < refused.ended and d.won]
    proofs = [done for done in before if done.proves]
    if operation.uses == SESSION and proofs:
        # What it showed, or had read, was the secret of before.
        return True
    if operation.anew or not operation.uses:
        return False
    # Who asks after a proof was given is served.
    answered = any(done.ended < refused.started for done in proofs)
    return not answered and any(operation.uses in done.stops for done in before)


def a_challenge_is_answered_first(record: Record) -> Iterator[str]:
    """I4, I6: between a challenge and a proof nothing is given; what is not burnt works again."""
    stops = sum(event.name == "session.challenged" for event in record.events)
    if stops > 1:
        yield f"I4: a session was stopped {stops} times"
    for name, probed in record.proved.items():
        if probed.refused:
            yield f"I9: the session was proved anew, and of `{name}` refused are: {probed.refused}"
    for stop in record.done:
        for later in record.done:
            if later.operation.anew or not later.won or later.started <= stop.ended:
                continue
            proved = any(
                d.proves and d.operation.anew and d.started < later.ended for d in record.done
            )
            if later.operation.uses in stop.stops and record.acted(stop) and not proved:
                name = later.operation.name
                yield f"I6: {name} was served after {stop.operation.name} answered"


def a_new_proof_has_a_new_secret(record: Record) -> Iterator[str]:
    """I6: one proof is written over one secret, which is good for nothing from then on."""
    proofs = [done for done in record.done if done.proves]
    if len(proofs) > 1:
        yield f"I6: one secret was replaced {len(proofs)} times"
    for proof in proofs:
        for later in record.done:
            if later.won and later.started > proof.ended and later.operation.uses == SESSION:
                yield f"I6: {later.operation.name} was served by the secret from before a proof"


def nothing_is_opened_by_what_was_replaced(record: Record) -> Iterator[str]:
    """I4, I6: no grant by a secret after the proof that replaced it, none in a stopped session.

    Who opens a grant holds its session: in the log they stand in the order in which they happened.
    """
    events = [event.name for event in record.events if event.sid == record.scene.sid]
    for earlier in ("session.proved", "session.challenged"):
        if earlier in events and "grant.opened" in events[events.index(earlier) :]:
            yield f"I6: a grant was opened behind {earlier}"


def what_is_over_is_ended(record: Record) -> Iterator[str]:
    """I4, I5: by whoever is to end it; a job passes over what another request holds."""
    replaced = any(done.proves for done in record.done)
    for done in record.done:
        if done.outcome is None or done.outcome.body.get("ended", True):
            continue
        job = "until" in done.outcome.body
        found = len(record.done) == 1 and done in record.left
        # At the account page a stopped session is proved before anything else.
        waits = bool(record.stopped) and done.outcome.status == 401
        if found if job else not (record.ended or replaced or waits):
            yield f"I4, I5: {done.operation.name} left what it was to end"


def nothing_ends_before_its_time(record: Record) -> Iterator[str]:
    """I5: what times out was unused until then, and is not used from then on."""
    untils = [done.outcome.body.get("until") for done in record.done if done.outcome is not None]
    for sid, old, new in record.changes("sessions"):
        if old and new and new["end_reason"] in _TIMEOUTS and not old["ended_at"]:
            due = any(until is not None and new["ended_at"] <= until for until in untils)
            if not due or new["ended_at"] != new["idle_until"]:
                yield f"I5: session {sid} ended before its time, or was used after its end"


def no_more_live_than_may(record: Record) -> Iterator[str]:
    """I5: whoever opened a session ended what was in its way."""
    now = record.scene.provider.clock.now
    rows = record.after.tables["sessions"].values()
    live = [row["sid"] for row in rows if row["ended_at"] is None and row["idle_until"] > now]
    if any(done.operation.opens and done.won for done in record.done) and len(live) > 1:
        yield f"I5: {len(live)} sessions live where one may"


def an_end_is_the_last_that_happens(record: Record) -> Iterator[str]:
    """I4: in the log nothing more happens to a session that has ended."""
    ended = set[str]()
    for event in record.events:
        if event.name.startswith("session.") and event.sid in ended:
            yield f"I4: {event.name} of a session that had ended"
        ended |= {event.sid} if event.name == "session.ended" else set()


def each_client_is_told_once(record: Record) -> Iterator[str]:
    """I7: whoever was signed in to in a session that ended now, or may be in a moment, is told."""
    expected = Counter[tuple[str, str]]()
    for sid, old, new in record.changes("sessions"):
        if old and new and old["ended_at"] is None and new["ended_at"] is not None:
            expected += Counter(dict.fromkeys(((sid, each) for each in _listening(record, sid)), 1))
    queued = Counter(
        (row["sid"], row["client_id"])
        for _, old, row in record.changes("outbox")
        if old is None and row is not None and row["kind"] == "backchannel_logout"
    )
    for missing in (expected - queued).elements():
        yield f"I7: {missing} is not told"
    for surplus in (queued - expected).elements():
        yield f"I7: {surplus} is told too much"


def _listening(record: Record, sid: str) -> set[str]:
    rows = record.after.tables["clients"]
    return {
        row["client_id"]
        for row in record.after.tables["grants"].values()
        if row["sid"] == sid and rows[row["client_id"]]["metadata"].get("backchannel_logout_uri")
    }


SESSION_RULES = (
    a_challenge_is_answered_first,
    a_new_proof_has_a_new_secret,
    nothing_is_opened_by_what_was_replaced,
    what_is_over_is_ended,
    nothing_ends_before_its_time,
    no_more_live_than_may,
    an_end_is_the_last_that_happens,
    each_client_is_told_once,
)
