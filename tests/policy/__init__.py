"""The pure decisions, rule by rule."""
