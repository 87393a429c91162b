"""A simulated population: honest people who drift, and attackers who imitate them.

Calibrated synthetic, not real: its marginals are those that are published about a large sign-in
service (Wiefling et al., ACM TOPS 2022), the rest is said in docs/risk.md.
"""
