"""The window: an agent looks at a state, chooses an action, and the environment answers, for everyone to see."""
