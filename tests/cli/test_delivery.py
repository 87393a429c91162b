"""`idp delivery ...`."""

from sqlalchemy import update

from idp.delivery import service
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


def test_what_to_retry_is_named_or_everything(idp_on_sqlite: Idp) -> None:
    idp_on_sqlite("migrate")
    assert "--all" in idp_on_sqlite.refused("delivery", "retry", status=2)
    assert "--all" in idp_on_sqlite.refused("delivery", "retry", "1", "--all", status=2)
    assert idp_on_sqlite("delivery", "retry", "--all") == "Tried again: nothing.\n"
