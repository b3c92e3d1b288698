"""An agent is its spec and the bytes of its net: another net at the same path is another agent."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest
import torch
from rich.console import Console

from agents.alphazero.model import save_model
from agents.alphazero.network import NetConfig, PolicyValueNet
from agents.registry import make_agent
from agents.scripted import RandomAgent
from envs.errors import LabError
from envs.games.tic_tac_toe import TicTacToe
from rl_lab.arena.identity import agent_files, identify
from rl_lab.arena.options import TournamentOptions
from rl_lab.arena.run import run_tournament
from rl_lab.arena.store import Store

GAME = TicTacToe()


def save(folder: Path, seed: int) -> None:
    torch.manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    save_model(folder, PolicyValueNet(GAME, NetConfig(1, 8)), GAME, {})


def hash_of(spec: str) -> str:
    return identify(make_agent(spec, GAME), spec).hash


def test_the_hash_is_of_the_spec_and_the_net(tmp_path: Path) -> None:
    save(tmp_path / "run" / "checkpoints" / "00000001", 1)
    spec = f"alphazero:{tmp_path / 'run'},simulations=4"
    first = hash_of(spec)
    assert first == hash_of(spec) != hash_of(f"alphazero:{tmp_path / 'run'},simulations=5")
    save(tmp_path / "run" / "checkpoints" / "00000002", 2)
    assert [path.parent.name for path in agent_files(spec)] == ["00000002", "00000002"]
    assert hash_of(spec) != first
    assert hash_of("random") != hash_of("greedy")
    assert agent_files("gtp:no_such_program --mode gtp, and more, time=5") == []


def test_the_hash_of_an_outside_engine_is_of_its_program_and_its_files(tmp_path: Path) -> None:
    script, weights, pipe = tmp_path / "engine.py", tmp_path / "weights.bin", tmp_path / "pipe"
    script.write_text("1")
    weights.write_text("1")
    os.mkfifo(pipe)
    spec = f"gtp:{sys.executable} {script} --weights={weights} {script} {pipe} /dev/zero {tmp_path} --level 3,time=5"
    assert agent_files(spec) == [Path(sys.executable), script, weights]
    agent, seen = RandomAgent(GAME), set()
    for path in (script, weights):
        seen.add(identify(agent, spec).hash)
        assert identify(agent, spec).hash in seen
        path.write_text("2")
    seen.add(identify(agent, spec).hash)
    assert len(seen) == 3


def test_the_hash_of_gnugo_is_of_its_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "gnugo"
    program.write_text("1")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert agent_files("gnugo:level=3") == [program]
    assert agent_files("gtp:gnugo --mode gtp") == [program]


def test_a_tournament_does_not_go_on_with_another_net(tmp_path: Path) -> None:
    net, out = tmp_path / "net", tmp_path / "out"
    save(net, 1)
    options = TournamentOptions(games=2, out=out)
    specs = ["random", f"alphazero:{net},simulations=2"]
    run_tournament(GAME.spec, specs, options, Console(file=io.StringIO()))
    save(net, 2)
    with pytest.raises(LabError, match="another net or program lies there now"):
        run_tournament(GAME.spec, specs, options, Console(file=io.StringIO()))
    with Store(out) as store:
        assert len(store.games()) == 2
    save(net, 1)
    run_tournament(GAME.spec, specs, options, Console(file=io.StringIO()))
