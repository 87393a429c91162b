"""`idp delivery ...`."""

from sqlalchemy import update

from idp.delivery import service
from idp.delivery.parcel import BACKCHANNEL_LOGOUT
from idp.delivery.service import ToClient
from idp.store.schema import outbox
from tests.cli.conftest import Idp


def with_mail(idp: Idp, count: int = 2) -> Idp:
    idp.environment |= {"IDP_SMTP_URL": "smtp://localhost:1", "IDP_MAIL_FROM": "id@example.test"}
    idp("migrate")
    with idp.inside() as ctx:
        for number in range(1, count + 1):
            service.mail(
                ctx,
                to="ada@secret.example",
                subject="secret",
                text="secret",
                about=f"user-{number}",
            )
    return idp


def dead(idp: Idp, delivery_id: int, *, for_good: bool = False) -> None:
    values = {"payload_sealed": None} if for_good else {}
    with idp.inside() as ctx:
        row = update(outbox).where(outbox.c.id == delivery_id)
        told = {"state": "dead", "finished_at": ctx.now, "last_error": "HTTP 503"}
        ctx.db.write(row.values(**told, **values))


def test_what_waits_and_what_failed_is_listed_and_nothing_of_what_it_says(idp: Idp) -> None:
    with_mail(idp)
    dead(idp, 1)

    shown = idp("delivery", "list")
    assert "user-1" in shown
    assert "HTTP 503" in shown
    assert "secret" not in shown + idp("delivery", "list", "--json")
    listed = idp.json("delivery", "list")
    assert [(row["id"], row["kind"], row["state"]) for row in listed] == [
        (2, "mail", "waiting"),
        (1, "mail", "dead"),
    ]
    assert [row["id"] for row in idp.json("delivery", "list", "--state", "dead")] == [1]
    assert [row["id"] for row in idp.json("delivery", "list", "--limit", "1")] == [2]
    assert idp.json("delivery", "list", "--state", "delivered") == []


def test_what_failed_is_tried_again_as_if_it_were_new(idp: Idp) -> None:
    with_mail(idp, 3)
    dead(idp, 1)
    dead(idp, 2, for_good=True)

    said = idp("delivery", "retry", "1", "2")
    assert said == "Tried again: 1. Left alone: 2.\n"
    states = {row["id"]: row["state"] for row in idp.json("delivery", "list")}
    assert states == {1: "waiting", 2: "dead", 3: "waiting"}
    assert ("delivery.retried", None, {"delivery_id": 1, "kind": "mail"}) in idp.events()
    assert idp.json("delivery", "retry", "--all") == {"retried": [1, 3], "left": []}


def test_what_a_client_is_to_be_told_is_found_by_client_and_by_session(idp: Idp) -> None:
    with_mail(idp, 1)
    with idp.inside() as ctx:
        words = [
            ToClient(client_id=client, about=f"ada:{client}", sid=sid, payload={"sub": "ada"})
            for client, sid in (("shop", "s1"), ("shop", "s2"), ("wiki", "s1"))
        ]
        service.to_clients(ctx, BACKCHANNEL_LOGOUT, words)

    def found(*options: str) -> list[tuple[str | None, str | None]]:
        rows = idp.json("delivery", "list", *options)
        return [(row["client_id"], row["sid"]) for row in rows]

    assert found() == [("wiki", "s1"), ("shop", "s2"), ("shop", "s1"), (None, None)]
    assert found("--client", "shop") == [("shop", "s2"), ("shop", "s1")]
    assert found("--client", "shop", "--sid", "s1") == [("shop", "s1")]
    assert found("--sid", "s3") == []
    shown = idp("delivery", "list", "--client", "shop")
    assert "backchannel_logout  client shop, session s2" in shown
    assert idp.json("delivery", "retry", "--client", "wiki") == {"retried": [4], "left": []}
    assert idp.json("delivery", "retry", "--sid", "s1") == {"retried": [2, 4], "left": []}
    (event,) = [e for e in idp.events() if e[0] == "delivery.retried"][:1]
    assert event[2] == {"delivery_id": 4, "kind": "backchannel_logout"}
    assert "--all" in idp.refused("delivery", "retry", "2", "--sid", "s1", status=2)


def test_what_to_retry_is_named_or_everything(idp_on_sqlite: Idp) -> None:
    idp_on_sqlite("migrate")
    assert "--all" in idp_on_sqlite.refused("delivery", "retry", status=2)
    assert "--all" in idp_on_sqlite.refused("delivery", "retry", "1", "--all", status=2)
    for nothing in ("0", str(2**63), "one"):
        assert "Invalid value" in idp_on_sqlite.refused("delivery", "retry", nothing, status=2)
    assert idp_on_sqlite("delivery", "retry", "--all") == "Tried again: nothing.\n"
