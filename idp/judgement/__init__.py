"""Judging people at work: gathers the facts, scores them, asks the policy, records the decision."""
