"""`idp policy assess`: today's weak spots, each with its figure and an advice."""

from datetime import timedelta

from idp.policy.facts import Facts
from idp.policy.terms import Moment, RiskLevel
from tests.cli.conftest import Idp
from tests.support.judged import a_decision, add_decisions


def names_of(idp: Idp, *arguments: str) -> dict[str, str]:
    told = idp.json_of("policy", "assess", *arguments)
    return {each["name"]: each["severity"] for each in told["weaknesses"]}


def test_weak_spots_are_told_with_figure_and_advice_the_worst_first(idp: Idp) -> None:
    ada = idp.add_user("ada")
    high = Facts(moment=Moment.SIGN_IN, risk=RiskLevel.HIGH)
    with idp.inside() as ctx:
        at = ctx.now - timedelta(days=20)
        add_decisions(ctx.db, [a_decision(ada, at, facts=high, sid="s")])

    result = idp.run("policy", "assess")

    assert result.exit_code == 1
    assert result.stdout.startswith("HIGH")
    assert "Sign-ins at high risk that got a session by one factor: 1." in result.stdout
    assert "Users with neither passkey nor authenticator app: 1 of 1." in result.stdout
    assert "-> " in result.stdout
    found = names_of(idp)
    assert found["high_let_in"] == found["no_second_factor"] == "high"
    assert found["no_bounds"] == "low"
    assert "high_let_in" not in names_of(idp, "--since", "7d")


def test_hints_alone_are_no_reason_for_alarm(idp: Idp) -> None:
    result = idp.run("policy", "assess")

    assert result.exit_code == 0
    assert set(names_of(idp)) == {"no_bounds", "networks_unknown"}


def test_a_house_in_order_hears_so(idp_on_sqlite: Idp) -> None:
    file = idp_on_sqlite.data_dir / "policy.toml"
    file.write_text('[bounds]\npreset = "aal2"\n')
    networks = {"IDP_GEO_ASN_FILE": "asn.mmdb", "IDP_GEO_COUNTRY_FILE": "country.mmdb"}
    idp_on_sqlite.environment |= {"IDP_POLICY_FILE": str(file), **networks}

    assert set(names_of(idp_on_sqlite)) <= set()
