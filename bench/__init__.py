"""Hookline measured and broken on purpose, on loopback only."""
