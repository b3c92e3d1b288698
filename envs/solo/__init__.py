"""Single-agent worlds, each with a question behind it."""
