"""What is woven by default, and what only when there is time."""

from itertools import combinations_with_replacement

# The operations that a provider lives by: each with each, and with itself.
CRITICAL = (
    "exchange",
    "refresh",
    "retry",
    "revoke",
    "logout",
    "disable",
    "rotate",
    "purge ended grants",
)
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
    ("disable user", "exchange"),
    ("disable user", "refresh"),
    ("disable user", "refresh offline"),
    ("disable user", "retry offline"),
    ("disable user", "disable user"),
    ("give back", "userinfo"),
    ("give back", "introspect"),
    ("give back", "refresh"),
    ("give back", "give back"),
    ("give back", "revoke"),
    ("purge revoked tokens", "give back"),
    ("purge revoked tokens", "userinfo"),
    ("purge idle grants", "exchange"),
    ("purge idle grants", "refresh"),
    ("purge idle grants", "logout"),
    ("purge idle grants", "replay"),
    ("purge idle grants", "disable"),
    ("purge idle grants", "disable user"),
    ("purge idle grants", "purge idle grants"),
    ("purge idle grants", "purge ended grants"),
    ("purge ended grants", "replay"),
    ("purge ended grants", "consent"),
    ("purge ended grants", "disable user"),
    ("purge sessions", "exchange"),
    ("purge sessions", "refresh"),
    ("purge sessions", "logout"),
    ("purge sessions", "refresh offline"),
    ("purge sessions", "retry offline"),
    ("purge sessions", "disable user"),
    ("purge sessions", "purge sessions"),
    ("remove keys", "exchange"),
    ("remove keys", "rotate"),
    ("remove keys", "remove keys"),
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
    ("retry", "revoke", "purge ended grants", "purge idle grants"),
    ("exchange", "give back", "disable user", "retry offline", "purge ended grants"),
)
