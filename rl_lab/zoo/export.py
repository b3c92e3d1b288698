"""A net as ONNX (https://onnx.ai), for programs without torch.

    input    observations    uint8 [batch, planes, height, width], as Game.observe gives them
    outputs  policy          float32 [batch, actions], logits over all actions, legal or not
             outcome         float32 [batch, 3], logits of win, draw, loss for the side to move
             value           float32 [batch] in [-1, 1], win minus loss
             ownership       float32 [batch, height, width], margin float32 [batch]: games with territory only

The batch may be of any size, and so may the board where a net fits all sizes. The metadata of the file hold the game's
spec, the meaning of each plane and, for the board it was trained on, the name of each action.
"""

from __future__ import annotations

import json
import os
import warnings
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from agents.alphazero.model import load_model
from agents.alphazero.network import PolicyValueNet
from envs.errors import LabError
from envs.games.game import Game
from envs.spec import Spec
from rl_lab.zoo import nets
from rl_lab.zoo.positions import random_positions

NEEDED = ("onnx", "onnxruntime")
OPSET = 17
CHECKED = 64
TOLERANCE = 1e-3


class Outputs(nn.Module):
    """The net with its outputs as a tuple, in the order of `names`."""

    def __init__(self, net: PolicyValueNet) -> None:
        super().__init__()
        self.net = net
        self.names = ["policy", "outcome", "value"] + (["ownership", "margin"] if net.has_territory else [])

    def forward(self, observations: Tensor) -> tuple[Tensor, ...]:
        """See the file's docstring."""
        out = self.net(observations)
        return tuple(getattr(out, name) for name in self.names)


def export(spec: str, path: Path) -> str:
    """Writes the net `spec` names (zoo:NAME, or a folder) to `path`, whole or not at all; returns a sentence about it.

    Raises LabError if there is no such net, if the packages for it are missing, if the file cannot be written, and if
    what was written does not say what the net says.
    """
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise LabError(f"Export needs the package {' and '.join(missing)}: pip install 'rl-lab[onnx]'.")
    net, game, _ = load_model(_folder(spec))
    temporary = path.parent / f".{path.name}.{os.getpid()}.tmp"
    try:
        if path.is_dir():
            raise LabError(f"'{path}' is a folder: name a file in it, such as net.onnx.")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_onnx(net, game, temporary)
        difference = check(net, game, temporary)
        temporary.replace(path)
    except OSError as error:
        raise LabError(f"{path} cannot be written: {error.strerror}.") from None
    finally:
        with suppress(OSError):  # there is none, or nothing can be done about it
            temporary.unlink()
    return f"{path}: the net of {game.spec}; in {CHECKED} positions at most {difference:.1e} from what torch computes."


def write_onnx(net: PolicyValueNet, game: Game, path: Path) -> None:
    """Writes the file, with its metadata."""
    import onnx

    module = Outputs(net).eval()
    example = torch.from_numpy(game.observe(game.init(2)))
    free = {0: "batch"} | ({2: "height", 3: "width"} if fits_every_size(net) else {})
    axes: dict[str, dict[int, str]] = {"observations": free, **{name: {0: "batch"} for name in module.names}}
    if fits_every_size(net):
        axes["policy"][1] = "actions"
        axes.get("ownership", {}).update({1: "height", 2: "width"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch, about its own plans for the exporter
        torch.onnx.export(
            module, (example,), str(path), input_names=["observations"], output_names=module.names,
            dynamic_axes=axes, opset_version=OPSET, dynamo=False,
        )  # fmt: skip
    model = onnx.load(str(path))
    onnx.helper.set_model_props(model, metadata(game))
    onnx.save(model, str(path))


def metadata(game: Game) -> dict[str, str]:
    """What the file says of itself."""
    return {
        "game": game.spec,
        "planes": json.dumps(list(game.observation_planes)),
        "actions": json.dumps([game.action_name(action) for action in range(game.num_actions)]),
    }


def fits_every_size(net: PolicyValueNet) -> bool:
    """Whether its actions are cells (and a pass), so that the weights fit a board of any size."""
    return net.policy.cells_are_actions


def check(net: PolicyValueNet, game: Game, path: Path) -> float:
    """The largest difference between the file's outputs and torch's in random positions, relative above 1.

    Raises LabError if it is more than rounding.
    """
    observations = game.observe(random_positions(game, CHECKED))
    with torch.inference_mode():
        expected = [part.numpy() for part in Outputs(net)(torch.from_numpy(observations))]
    found = run_onnx(path, observations)
    worst = max(float((np.abs(a - b) / np.maximum(1, np.abs(b))).max()) for a, b in zip(found, expected, strict=True))
    if not worst <= TOLERANCE:
        raise LabError(f"The exported net is {worst:.1e} from the original, more than rounding: nothing was written.")
    return worst


def run_onnx(path: Path, observations: NDArray[np.uint8]) -> list[NDArray[Any]]:
    """The file's outputs, by onnxruntime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    return list(session.run(None, {"observations": observations}))


def _folder(spec: str) -> Path:
    """Where the net is: a folder as it is, or zoo:NAME."""
    if spec.partition(":")[0] != "zoo":
        return Path(spec)
    parsed = Spec.parse(spec)
    if not parsed.path or parsed.options:
        raise LabError(f"To export a net of the zoo write zoo:NAME, not '{spec}'.")
    return nets.open_net(parsed.path).folder
