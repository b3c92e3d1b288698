"""All that a model of stable-baselines3 is while it learns, as arrays and plain numbers: no pickles.

What is restored goes on bit for bit as what was saved. The one thing left out is the rollout buffer, which is empty
between two iterations.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from torch import Tensor

Arrays = dict[str, NDArray[Any]]
Numbers = dict[str, Any]  # whatever JSON holds

NOT_STATE = {"_total_timesteps", "start_time", "verbose"}
"""Numbers in a model that belong to the present call of `learn`, not to what has been learned."""


class GlobalChance:
    """torch's and numpy's global generators as one trainer uses them: SB3 draws from these, and so may anybody else.

    Code inside `with chance.own():` goes on where the code inside the last one stopped; outside, nothing changes.
    """

    def __init__(self) -> None:
        self._state = _global_state()

    @contextmanager
    def own(self) -> Iterator[None]:
        """Lends the process this object's random states."""
        others = _global_state()
        _set_global_state(self._state)
        try:
            yield
        finally:
            self._state = _global_state()
            _set_global_state(others)

    def arrays(self) -> Arrays:
        """The states, as arrays."""
        return dict(self._state)

    def restore(self, arrays: Arrays) -> None:
        """Takes over what `arrays` returned; a GPU that was not there then keeps its state."""
        self._state = {**self._state, **arrays}


def _global_state() -> Arrays:
    _, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)  # noqa: NPY002
    state: Arrays = {
        "torch": torch.get_rng_state().numpy(),
        "numpy": np.asarray(keys),
        "numpy_rest": np.array([position, has_gauss, gauss], np.float64),
    }
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state().numpy()
    return state


def _set_global_state(state: Arrays) -> None:
    position, has_gauss, gauss = state["numpy_rest"].tolist()
    np.random.set_state(("MT19937", state["numpy"], int(position), int(has_gauss), gauss))  # noqa: NPY002
    torch.set_rng_state(torch.from_numpy(state["torch"].copy()))
    if torch.cuda.is_available() and "cuda" in state:
        torch.cuda.set_rng_state(torch.from_numpy(state["cuda"].copy()))


def model_state(model: BaseAlgorithm) -> tuple[Arrays, Numbers]:
    """(arrays, numbers) of the model between two iterations; the arrays may be views of it."""
    arrays, numbers = _plain(model, "model")
    arrays |= {f"policy/{name}": _numpy(tensor) for name, tensor in model.policy.state_dict().items()}
    for index, moments in model.policy.optimizer.state_dict()["state"].items():
        arrays |= {f"optimizer/{index}/{name}": _numpy(tensor) for name, tensor in moments.items()}
    numbers["actions"] = model.action_space.np_random.bit_generator.state
    numbers["episodes"] = [[episode["r"], episode["l"]] for episode in model.ep_info_buffer or ()]
    buffer = getattr(model, "replay_buffer", None)
    if buffer is not None:
        kept, counts = _plain(buffer, "replay")
        arrays |= {name: _filled(buffer, array) for name, array in kept.items()}
        numbers |= counts
    return arrays, numbers


def restore_model(model: BaseAlgorithm, arrays: Arrays, numbers: Numbers) -> None:
    """Makes a model of the same settings what `model_state` was told of."""
    _restore_plain(model, "model", arrays, numbers)
    model.policy.load_state_dict({name: torch.from_numpy(a.copy()) for name, a in part_of(arrays, "policy").items()})
    moments: dict[int, dict[str, Tensor]] = {}
    for name, array in part_of(arrays, "optimizer").items():
        index, _, key = name.partition("/")
        moments.setdefault(int(index), {})[key] = torch.from_numpy(array.copy())
    optimizer = model.policy.optimizer
    optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
    model.action_space.np_random.bit_generator.state = numbers["actions"]
    episodes = ({"r": r, "l": length} for r, length in numbers["episodes"])
    model.ep_info_buffer = deque(episodes, maxlen=model._stats_window_size)
    buffer = getattr(model, "replay_buffer", None)
    if buffer is not None:
        _restore_plain(buffer, "replay", arrays, numbers)


def _plain(thing: Any, prefix: str) -> tuple[Arrays, Numbers]:
    """Those attributes of `thing` that are arrays, tensors, numbers or random generators, by "prefix/name"."""
    arrays: Arrays = {}
    numbers: Numbers = {}
    for name, value in vars(thing).items():
        key = f"{prefix}/{name}"
        if name in NOT_STATE:
            continue
        if isinstance(value, np.ndarray | Tensor):
            arrays[key] = _numpy(value)
        elif isinstance(value, torch.Generator):
            arrays[key] = value.get_state().numpy()
        elif isinstance(value, np.random.Generator):
            numbers[key] = value.bit_generator.state
        elif isinstance(value, bool | int | float | np.number | np.bool_):
            numbers[key] = value.item() if isinstance(value, np.generic) else value
    return arrays, numbers


def _restore_plain(thing: Any, prefix: str, arrays: Arrays, numbers: Numbers) -> None:
    """The inverse of `_plain`; arrays that were saved in part are written over the beginning of the present ones."""
    for name, array in part_of(arrays, prefix).items():
        present = getattr(thing, name)
        if isinstance(present, torch.Generator):
            present.set_state(torch.from_numpy(array.copy()))
        elif isinstance(present, Tensor):
            present[: len(array)] = torch.from_numpy(array).to(present.device)
        elif present is None:
            setattr(thing, name, array.copy())
        else:
            present[: len(array)] = array
    for name, value in part_of(numbers, prefix).items():
        if isinstance(value, dict):
            getattr(thing, name).bit_generator.state = value
        else:
            setattr(thing, name, value)


def part_of(named: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """What is named "prefix/name", by "name"."""
    return {name.removeprefix(f"{prefix}/"): value for name, value in named.items() if name.startswith(f"{prefix}/")}


def _filled(buffer: Any, array: NDArray[Any]) -> NDArray[Any]:
    """The part of a ring buffer's array that is in use."""
    is_ring = not buffer.full and array.shape[:1] == (buffer.buffer_size,)
    return array[: buffer.pos] if is_ring else array


def _numpy(array: NDArray[Any] | Tensor) -> NDArray[Any]:
    return array.detach().cpu().numpy() if isinstance(array, Tensor) else array
