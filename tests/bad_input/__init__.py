"""Hostile input and hostile people: nothing here crashes, echoes, leaks or lets anybody in."""
