"""Processes that die at every boundary, and histories of processes that are made to suffer."""
