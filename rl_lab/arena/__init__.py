"""Tournaments: openings, games in lockstep, honest statistics, and a report that keeps every game."""
