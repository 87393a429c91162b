"""Who stands before us: the browser's session, judged by where it is seen and for what.

Owns: what a request in a session may go on with, and what becomes of the session when something
about it is not as it was. Does not own: what a session is (sessions), what is said of it (policy,
judgement), how it is proved again (login).
"""
