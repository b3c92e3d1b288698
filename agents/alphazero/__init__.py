"""A policy/value net that learns by playing itself with tree search, in the manner of AlphaZero."""
