"""`python -m tests.population`: write docs/risk.md from seeds that nothing was chosen by."""

import argparse
from pathlib import Path

from idp.policy.risk import THRESHOLDS
from tests.population import copies, report
from tests.population.evaluation import Share
from tests.population.report import BARS, CHOOSING, FITTING, MARGINALS, NOVELTY, REPORTING

DAYS = 10_000
PAGE = Path(__file__).parents[2] / "docs" / "risk.md"
TEXT = Path(__file__).with_name("risk.md.txt")


def main() -> None:
    """Run it all; some minutes."""
    parser = argparse.ArgumentParser(prog="tests.population", description=__doc__)
    parser.add_argument("--people", type=int, default=4000, help="of each seed")
    size = parser.parse_args().people
    chosen = report.Runs.over(CHOOSING, size, devices=False, freeman=False)
    reported = report.Runs.over(REPORTING, size)
    fitted, fitting, points = report.misfit(reported.freeman)
    without, medians = report.without_devices(chosen.without, reported.without)
    thefts, sessions = report.in_sessions(REPORTING, size // 2)
    known = report.known(reported.with_devices)
    new = [each for each in reported.with_devices.honest if each.standing == "new"]
    asked_new = Share.of(new, lambda each: each.level > 0)
    marginals = report.marginals(FITTING[0], size)
    worst = min(
        report.caught(reported.with_devices, kind).value for kind in reported.with_devices.attacks
    )
    bars = [
        ("known browser asked, at most 1 %", known, known.value <= 0.01),
        (
            "attacker without the credential asked, at least 99.9 %",
            f"{100 * worst:.2f} % (the best imitator)",
            worst >= 0.999,
        ),
        *(
            (
                f"{kind}, 99 % detected, at most {bar} of 12",
                report._k(medians[kind]),
                medians[kind] <= bar,
            )
            for kind, bar in BARS.items()
        ),
        ("honest sessions ended, at most 0.1 %", sessions.ended(), sessions.ended().value <= 0.001),
        ("honest sessions asked, at most 2 %", sessions.asked(), sessions.asked().value <= 0.02),
    ]
    PAGE.write_text(
        TEXT.read_text().format(
            size=size,
            seeds=len(REPORTING),
            honest=f"{len(reported.without.honest):,}",
            tried=f"{sum(map(len, reported.without.attacks.values())):,}",
            elevated=THRESHOLDS.elevated,
            high=THRESHOLDS.high,
            bars=report.table(
                ("bar", "found", "met"),
                [(name, found, "yes" if met else "**no**") for name, found, met in bars],
            ),
            marginals=report.table(
                ("", "published", "here"),
                [
                    (name, published, found)
                    for (name, found), published in zip(
                        marginals.items(), (*MARGINALS, NOVELTY), strict=True
                    )
                ],
            ),
            fitted=fitted,
            fitting=fitting,
            points=points,
            whole=report.whole_population(reported.freeman, reported.without),
            without=without,
            devices=report.with_devices(reported.with_devices),
            known=known,
            returns=report.returns(reported.with_devices),
            new=asked_new,
            all=Share.of(reported.with_devices.honest, lambda each: each.level > 0),
            honest_high=Share.of(reported.with_devices.honest, lambda each: each.level > 1),
            segments=report.segments(reported.with_devices),
            cold=report.cold_start(reported.with_devices, reported.without),
            sessions=len(sessions.honest),
            ended=sessions.ended(),
            asked=sessions.asked(),
            thefts=thefts,
            days=f"{DAYS:,}",
            copies=report.copies(REPORTING[0], DAYS),
            taken=copies.honest(REPORTING[1], DAYS),
            microseconds=f"{report.microseconds():.0f}",
        )
    )
    print(PAGE.read_text())


if __name__ == "__main__":
    main()
