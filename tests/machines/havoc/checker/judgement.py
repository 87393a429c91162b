"""All automata over one history."""

from tests.machines.havoc.checker import availability, causes, ends, lines
from tests.machines.havoc.checker.index import Index, Rules, Violation
from tests.machines.havoc.history import History


def violations_of(history: History, rules: Rules) -> list[Violation]:
    """Return every rule that the history breaks, with the operations that show it."""
    index = Index(history, rules)
    automata = (lines, ends, causes, availability)
    return [found for automaton in automata for found in automaton.violations(index)]


__all__ = ["Rules", "Violation", "violations_of"]
