"""The authorization endpoint: from a request to a code, by way of the people it concerns.

Owns: reading and checking requests, what comes next, the answer. Does not own: proving users
(login), asking for consent (consent), what a grant becomes (grants).
"""
