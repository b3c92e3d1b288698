"""Reference players of the single-agent worlds: what is possible, for what learns to be measured by."""
