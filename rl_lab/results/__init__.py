"""The lab's results: what DQN and PPO reach with the settings that ship, each from a few seeds."""
