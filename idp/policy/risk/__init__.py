"""How unlike its user a sign-in looks: counters and signals in, a score with its reasons out.

The ratio of Freeman et al. (NDSS 2016, eq. 7) over hierarchies of values, with the evidence beside
it that the ratio has no word for: novelty, rarity, the device, and what speaks of attacks.
"""

from idp.policy.risk.features import Features
from idp.policy.risk.score import score
from idp.policy.risk.signals import Signals
from idp.policy.risk.thresholds import THRESHOLDS, level_at
from idp.policy.risk.usual import Count, Usual

__all__ = ["THRESHOLDS", "Count", "Features", "Signals", "Usual", "level_at", "score"]
