"""The worlds: rules of games and their faces. Needs numpy and numba, never torch; pygame only where scenes are painted."""
