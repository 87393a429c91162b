"""What is woven by default, and what only when there is time."""

from itertools import combinations_with_replacement

# The operations that a provider lives by: each with each, and with itself.
CRITICAL = ("exchange", "refresh", "retry", "revoke", "logout", "disable", "rotate", "purge")
CRITICAL_PAIRS = tuple(combinations_with_replacement(CRITICAL, 2))
# Others, with what they could hurt.
FURTHER_PAIRS = (
    ("refresh", "other client"),
    ("retry", "other client"),
    ("refresh", "replay"),
    ("retry", "replay"),
    ("replay", "replay"),
    ("replay", "logout"),
    ("replay", "userinfo"),
    ("logout", "userinfo"),
    ("revoke", "introspect"),
    ("consent", "userinfo"),
    ("rotate", "userinfo"),
    ("exchange", "consent"),
    ("refresh", "consent"),
    ("consent", "consent"),
    ("consent", "disable"),
)
PAIRS = (*CRITICAL_PAIRS, *FURTHER_PAIRS)
# More than two: as seeds choose.
CROWDS = (
    ("refresh", "refresh", "retry"),
    ("refresh", "retry", "logout"),
    ("refresh", "refresh", "replay", "userinfo"),
    ("refresh", "other client", "logout", "rotate"),
    ("exchange", "exchange", "refresh", "disable", "userinfo"),
    ("refresh", "refresh", "retry", "consent", "logout"),
)
