"""Requests under a scheduler that decides, at each SQL statement, whose turn it is.

`scheduler` runs one schedule, `exploring` walks all of them, `stage` and `operations` say what is
run, `oracle` judges what it left behind, `mutants` proves that the oracle sees, `storm` lets many
tabs refresh at once. `python -m tests.machines.weaving` prints the figures.
"""
