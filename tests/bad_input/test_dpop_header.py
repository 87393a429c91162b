"""A DPoP header holds any bytes; only a proof of this request does anything (RFC 9449 §4.3)."""

from hypothesis import given
from hypothesis import strategies as st

from tests.bad_input.strategies import examples, header_bytes
from tests.bad_input.wire import Answer, assert_json_error, assert_sound
from tests.support.dpop import USERINFO, Holder

HOLDER = Holder()


def assert_refused(answer: Answer, status: int) -> None:
    assert_sound(answer)
    assert answer.status == status
    assert_json_error(answer)
    assert answer.json["error"] == "invalid_dpop_proof"


@given(proof=header_bytes)
@examples(60)
def test_any_header_is_refused_in_form_where_tokens_are_given(target, proof):
    wire = target.stranger()
    headers = target.rp.basic() | {"DPoP": proof}

    assert_refused(wire.post("/token", b"grant_type=client_credentials", headers=headers), 400)


@given(at=st.integers(0, 400), byte=st.integers(33, 126), anything=st.none() | header_bytes)
@examples(60)
def test_any_header_is_refused_in_form_where_a_bound_token_is_shown(target, at, byte, anything):
    now = target.provider.clock.now
    bought = target.rp.token(HOLDER.proof(now=now), grant_type="client_credentials")
    token = bought.get_json()["access_token"]
    sound = HOLDER.proof("GET", USERINFO, access_token=token, now=now).encode()
    changed = sound[:at] + bytes([byte]) + sound[at + 1 :]
    if changed == sound:
        return

    shown = changed if anything is None else anything
    headers = {"Authorization": b"DPoP " + token.encode(), "DPoP": shown}
    assert_refused(target.stranger().get("/userinfo", headers=headers), 401)
