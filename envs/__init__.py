"""The worlds: rules of games and their faces. Needs numpy and numba; never torch, and pygame only to paint scenes."""
