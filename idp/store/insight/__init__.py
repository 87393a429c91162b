"""What happened, in figures: few statements each, over indexed columns, for operators and metrics.

Nothing here is asked by a request of a user; each answers for a span of days at once.
"""
