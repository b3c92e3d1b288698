"""What all worlds share: the contract of envs/solo/world.py, and the spec strings that name them."""

from __future__ import annotations

import pytest
from drift import Drift

from envs.chance import seed_states
from envs.errors import LabError
from envs.faces.paint import PALETTE
from envs.solo.conformance import check_world
from envs.solo.registry import WORLDS, make_world
from envs.solo.world import is_over

SPECS = [
    "catch",
    "catch:rows=3,columns=4",
    "snake",
    "snake:size=5",
    "maze",
    "maze:size=5,levels=1,cue=spurious",
    "maze:size=7,levels=0,split=held_out,cue=spurious",
]


@pytest.mark.parametrize("spec", SPECS)
def test_keeps_the_contract(spec: str) -> None:
    check_world(make_world(spec))


@pytest.mark.parametrize("spec", SPECS)
def test_scenes_use_colours_that_the_palette_knows(spec: str) -> None:
    world = make_world(spec)
    states = world.init(seed_states(range(50)))
    while not is_over(states).all():
        assert {item.color for state in states for item in world.scene(state).items} <= PALETTE.keys()
        world.step(states, world.legal_mask(states).argmax(axis=1))


def test_a_world_of_numbers_keeps_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(WORLDS, "drift", Drift)
    check_world(Drift())


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("snaek", "There is no world 'snaek'.*Did you mean 'snake'"),
        ("snake:8", "a part that is not key=value: '8'"),
        ("snake:length=3", "World 'snake' has no option 'length'; it has: size"),
        ("snake:size=3", "size is 4 to 20, not 3"),
        ("snake:size=big", "must be a whole number"),
        ("catch:rows=1", "2 to 64 rows, not 1"),
        ("catch:rows=3,columns=7", "some balls cannot be caught; rows must be at least 4"),
        ("maze:size=8", "an odd number, 5 to 25, not 8"),
        ("maze:levels=-1", "1 to 2147483648, or 0 for all of these, not -1"),
        ("maze:split=test", "train or held_out, not 'test'"),
        ("maze:cue=snow", "none or spurious, not 'snow'"),
    ],
)
def test_a_spec_that_names_no_world_says_why(spec: str, message: str) -> None:
    with pytest.raises(LabError, match=message):
        make_world(spec)


def test_a_spec_gives_only_what_is_not_the_default() -> None:
    assert make_world("maze:levels=5,size=9,split=held_out").spec == "maze:levels=5,split=held_out"
    assert make_world("catch:").spec == "catch"
