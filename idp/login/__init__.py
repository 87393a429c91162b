"""How a person proves who they are: the hosted sign-in pages.

Owns: the order of proofs, half-done sign-ins, the browser's session and device cookies.
Does not own: what a proof is (credentials), what a session is (sessions), who asked (protocol).
"""
