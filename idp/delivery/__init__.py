"""What is said to people later: rows written with the change they tell of, delivered by a worker.

A row is delivered at least once, in order of its kind and subject, and tried again with growing
waits; what it says is sealed while it waits and forgotten afterwards.
"""
