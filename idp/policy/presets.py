"""Bounds by name: what standards and laws allow at most."""

from datetime import timedelta

from idp.policy.book import NEVER, Bounds

NONE = Bounds()
AAL2_IDLE, AAL2_ABSOLUTE = timedelta(hours=1), timedelta(hours=24)

# A day and an hour; the session's own browser may come back with one factor until the day is over,
# but a browser that is remembered never stands for a factor (NIST SP 800-63B-4 §2.2.3, §5).
AAL2 = Bounds(
    preset="aal2",
    idle=AAL2_IDLE,
    absolute=AAL2_ABSOLUTE,
    trusted_device=NEVER,
    return_within=AAL2_ABSOLUTE,
    acr="mfa",
)

# Twelve hours and fifteen minutes; both factors each time (NIST SP 800-63B-4 §2.3.3).
AAL3 = Bounds(
    preset="aal3",
    idle=timedelta(minutes=15),
    absolute=timedelta(hours=12),
    trusted_device=NEVER,
    return_within=NEVER,
    acr="phrh",
)

# FAPI 2.0 itself says nothing of sessions. Who serves payments by it is held to two factors and to
# five minutes of inactivity (Regulation (EU) 2018/389 Article 4(3)(d)); the day is AAL2's.
FAPI = Bounds(
    preset="fapi",
    idle=timedelta(minutes=5),
    absolute=AAL2_ABSOLUTE,
    reauthentication=timedelta(minutes=5),
    trusted_device=NEVER,
    return_within=NEVER,
    acr="mfa",
)

PRESETS = {each.preset: each for each in (NONE, AAL2, AAL3, FAPI)}
