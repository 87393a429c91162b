"""The score, its parts and its promises."""
