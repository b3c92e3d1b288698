"""The lab's worlds for stable-baselines3 and sb3-contrib."""
