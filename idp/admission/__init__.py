"""Ways in for who has no proof yet: recovery, invitation, reset, registration, a new address.

Owns: what a link of `account_tickets` lets somebody do, and the pages it leads to.
Does not own: the second step that may stand before it (login), the letters of notice (credentials).
"""
