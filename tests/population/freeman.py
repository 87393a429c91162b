"""The plain score of Freeman et al. (NDSS 2016), with the weights published for it: a baseline.

Written from its formula: linear interpolation over each hierarchy, smoothing of what nobody came
with, and a factor of four for what this user never came with in any part.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from idp.policy.risk import Features

NETWORK = (("address", 0.6), ("asn", 0.3), ("country", 0.1))
AGENT = (
    ("agent", 0.5386653840551359),
    ("version", 0.2680451498625666),
    ("system", 0.18818295100109536),
    ("kind", 0.0051065150812021525),
)
NEVER_FACTOR = 4.0


@dataclass(slots=True)
class Freeman:
    """Everything that was learned so far, of all and of each."""

    common: dict[str, Counter] = field(default_factory=lambda: defaultdict(Counter))
    own: dict[int, dict[str, Counter]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Counter))
    )
    sign_ins: Counter = field(default_factory=Counter)
    total: int = 0

    def learn(self, user: int, features: Features) -> None:
        for name, _ in (*NETWORK, *AGENT):
            value = getattr(features, name)
            self.common[name][value] += 1
            self.own[user][name][value] += 1
        self.sign_ins[user] += 1
        self.total += 1

    def score(self, user: int, features: Features) -> float:
        """Return the score; 0 for who has no history."""
        history = self.sign_ins[user]
        if not history:
            return 0.0
        product = self._ratio(NETWORK, user, features) * self._ratio(AGENT, user, features)
        return product * (1 / len(self.sign_ins)) / (history / self.total)

    def _ratio(self, hierarchy, user: int, features: Features) -> float:
        finest = hierarchy[0][0]
        values = {name: getattr(features, name) for name, _ in hierarchy}
        seen = self.common[finest][values[finest]]
        slots = len(self.common[finest]) + 1
        everyone = self.total
        if seen:
            of_all = seen / everyone * (1 - slots / (everyone + slots))
        else:
            of_all = 1 / (everyone + slots)
        own_total = self.sign_ins[user]
        common = own = 0.0
        for name, weight in hierarchy:
            here = self.common[name][values[name]]
            share_within = min(of_all * everyone / here, 1.0) if here else 1.0
            common += weight * share_within * ((here or of_all * everyone) / everyone)
            own += weight * share_within * self.own[user][name][values[name]] / own_total
        return common / own if own else NEVER_FACTOR
