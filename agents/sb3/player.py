"""What DQN or PPO has learned, on disk and as an agent of the lab.

On disk it is policy.safetensors (the weights) and policy.json (the settings of the run, and how far it went): nothing
that runs code when it is read. A zip of stable-baselines3 holds pickles, which do, so it is read only if trusted.
"""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path
from typing import Any

import torch
from gymnasium import spaces
from sb3_contrib import MaskablePPO
from stable_baselines3 import DQN, PPO
from stable_baselines3.common.base_class import BaseAlgorithm

from agents.agent import Agent, Decision
from agents.alphazero.evaluator import choose_device
from agents.alphazero.model import CHECKPOINTS
from agents.alphazero.model import STEM as MODEL
from agents.checkpoints import checkpoints_in
from agents.files import load_arrays, load_description, save_arrays
from agents.options import PolicyOptions
from agents.sb3.config import DQNConfig, PPOConfig
from agents.sb3.gym_vec_env import GymVecEnv, lab_spec
from agents.sb3.policy import Config, Policy, blank_policy, check_size, policy_of, set_weights, weights_of
from agents.scripted import RandomAgent
from envs.chance import Seeds
from envs.errors import LabError
from envs.faces.seated import Seated
from envs.games.game import Game, States
from envs.games.registry import GAMES, make_game
from envs.solo.registry import make_world
from envs.solo.world import World
from envs.spec import Spec

FORMAT = "rl-lab policy, version 1"
STEM = "policy"
BEST = "best"
CONFIGS: dict[str, type[Config]] = {"ppo": PPOConfig, "dqn": DQNConfig}
"""The settings of each algorithm, by its name in specs."""
ZIPS: dict[str, type[BaseAlgorithm]] = {
    "stable_baselines3.common.policies": PPO,
    "stable_baselines3.dqn.policies": DQN,
    "sb3_contrib.common.maskable.policies": MaskablePPO,
}
"""The algorithm of a zip, by the module of its policy's class, which can be read without running anything."""


class PolicyAgent(Agent):
    """A policy as a player of a game, in either seat, or of a world."""

    def __init__(self, env: Game | World, policy: Policy, name: str) -> None:
        super().__init__(name)
        self.env, self.policy = env, policy
        self._has_mask = isinstance(seated_view(env).action_space, spaces.Discrete)

    def act(self, states: States, seeds: Seeds) -> Decision:
        """See Agent.act. The value is that of the discounted rewards to come."""
        mask = self.env.legal_mask(states) if self._has_mask else None
        decision = self.policy.decide(self.env.observe(states), mask, seeds)
        if isinstance(self.env, Game):  # where the truth is within [-1, 1], though a net may say more
            decision.value = decision.value.clip(-1, 1)
            decision.q = None if decision.q is None else decision.q.clip(-1, 1)
        return decision


def seated_view(env: Game | World) -> World:
    """The world itself; of a game, what an agent in one of its seats sees, whoever is in the other."""
    return Seated(env, (RandomAgent(env),)) if isinstance(env, Game) else env


def save_policy(folder: Path, model: BaseAlgorithm, config: Config, trained: dict[str, Any]) -> None:
    """Writes what playing needs into `folder`: the weights, and `config`; `trained` says how far the run has gone."""
    weights = {name: tensor.cpu().numpy() for name, tensor in weights_of(policy_of(model).net).items()}
    algorithm = next(name for name, kind in CONFIGS.items() if isinstance(config, kind))
    described = {"format": FORMAT, "algorithm": algorithm, "config": dataclasses.asdict(config), "trained": trained}
    save_arrays(folder / STEM, weights, described)


def find_policy(path: Path) -> Path:
    """The folder with the policy that a user means: that folder, or a run's best or newest checkpoint.

    Raises LabError if there is none.
    """
    if not path.exists():
        raise LabError(f"There is no '{path}'; this agent needs the folder of a run or of a checkpoint.")
    if path.is_file():
        path = path.parent
    folders = [path, path / BEST, *reversed(checkpoints_in(path / CHECKPOINTS))]
    for folder in folders:
        if (folder / f"{STEM}.json").exists():
            return folder
    if any((folder / f"{MODEL}.json").exists() for folder in folders):
        raise LabError(f"'{path}' holds a net of AlphaZero: write alphazero:{path}.")
    raise LabError(f"'{path}' holds no trained policy: {STEM}.json is not there, nor in {BEST}/ or {CHECKPOINTS}/.")


def load_policy(path: Path, algorithm: str, env: Game | World | GymVecEnv, sample: bool = False) -> Policy:
    """The policy at `path` (see find_policy) that `algorithm`, "ppo" or "dqn", has learned for `env`.

    It may have been trained with other options of the world, as long as observations and actions are the same.
    Raises LabError if the files are missing or damaged, or the policy is another algorithm's or for another world.
    """
    folder = find_policy(path)
    description = load_description(folder / STEM)
    if description.get("format") != FORMAT:
        raise LabError(f'{folder / STEM}.json is not the description of a policy: it lacks "format": "{FORMAT}".')
    found = description.get("algorithm")
    if found in CONFIGS and found != algorithm:
        raise LabError(f"The policy at '{folder}' was learned by {found}: write {found}:{path}.")
    try:
        config = CONFIGS[algorithm](**{**description["config"], "device": "auto"})  # the player's device, not the run's
    except (KeyError, TypeError) as error:
        raise LabError(f"{folder / STEM}.json is damaged: {error}.") from None
    if not _fits(config, env):
        raise LabError(f"The policy at '{folder}' is for {config.env}, not for {_name(env)}.")
    arrays, _ = load_arrays(folder / STEM)
    seen = env if isinstance(env, GymVecEnv) else seated_view(env)
    try:
        check_size(config, seen, arrays)
        policy = blank_policy(config, seen, sample)
        set_weights(policy.net, {name: torch.from_numpy(array) for name, array in arrays.items()})
    except (ValueError, TypeError, RuntimeError, OverflowError):
        raise LabError(f"The weights in '{folder}' do not fit the net that {STEM}.json describes.") from None
    return policy


def load_zip(
    path: Path, algorithm: str, env: Game | World | GymVecEnv, sample: bool = False, trust: bool = False
) -> Policy:
    """The policy in a zip that stable-baselines3's or sb3-contrib's `save` wrote.

    Raises LabError unless `trust` is given, for a file that is no such zip, and for one of another algorithm or other
    spaces.
    """
    if not trust:
        raise LabError(
            f"'{path}' holds pickles, which can run any code on this computer: write {algorithm}:{path},trust=true if "
            "you know where it is from."
        )
    try:
        described = json.loads(zipfile.ZipFile(path).read("data"))
        kind = ZIPS[described["policy_class"]["__module__"]]
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError):
        raise LabError(f"'{path}' is no zip that DQN, PPO or MaskablePPO of stable-baselines3 saved.") from None
    if (kind is DQN) != (algorithm == "dqn"):
        raise LabError(f"'{path}' holds a {kind.__name__}: write {'dqn' if kind is DQN else 'ppo'}:{path}.")
    model = kind.load(path, device=choose_device("auto"), custom_objects={"buffer_size": 1})
    seen = env if isinstance(env, GymVecEnv) else seated_view(env)
    if (model.observation_space, model.action_space) != (seen.observation_space, seen.action_space):
        raise LabError(f"The policy in '{path}' is for other observations or actions than those of {_name(env)}.")
    return policy_of(model, sample)


def read_policy(path: str, algorithm: str, env: Game | World | GymVecEnv, options: PolicyOptions) -> Policy:
    """The policy that `ppo:path` or `dqn:path` means: a zip of stable-baselines3, or one of the lab's own."""
    if path.endswith(".zip") and Path(path).is_file():
        return load_zip(Path(path), algorithm, env, options.sample, options.trust)
    return load_policy(Path(path), algorithm, env, options.sample)


def load_player(path: str, algorithm: str, env: Game | World, options: PolicyOptions) -> PolicyAgent:
    """The player `ppo:path` or `dqn:path`; raises LabError if there is no policy for this game or world at `path`."""
    name = f"{algorithm}:{path}" + (",sample=true" if options.sample else "")
    return PolicyAgent(env, read_policy(path, algorithm, env, options), name)


def _fits(config: Config, env: Game | World | GymVecEnv) -> bool:
    """Whether what was learned with those settings can act there."""
    if isinstance(env, GymVecEnv):
        return config.env == env.env_id
    spec = lab_spec(config.env)
    name = Spec.parse(spec).name
    if name != (env.game if isinstance(env, Seated) else env).name:
        return False
    own, other = seated_view(make_game(spec) if name in GAMES else make_world(spec)), seated_view(env)
    return (own.observation_space, own.action_space) == (other.observation_space, other.action_space)


def _name(env: Game | World | GymVecEnv) -> str:
    return env.env_id if isinstance(env, GymVecEnv) else env.spec
