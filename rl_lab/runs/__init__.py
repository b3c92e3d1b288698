"""Runs on disk: settings, measurements and checkpoints that survive a kill at any moment."""
