"""Judges a recorded history, object by object, knowing nothing of the provider's insides.

Codes are registers that are read once, refresh families lines with one live leaf, sessions and
grants flags that fall once. What nobody knows the outcome of may have happened, or not, or yet.
"""

from tests.machines.havoc.checker.judgement import Rules, Violation, violations_of

__all__ = ["Rules", "Violation", "violations_of"]
