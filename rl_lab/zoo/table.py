"""What `rl-lab zoo` prints: a line for each net, or all that the card of one says."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from envs.errors import LabError
from rl_lab.zoo import nets
from rl_lab.zoo.card import Card, Level
from rl_lab.zoo.measure import strength_line
from rl_lab.zoo.options import LEVELS

EMPTY = "The zoo holds no net yet."
KIBIBYTE = 1024
SCORE_WIDTH = 24  # characters: the name of an opponent


def print_nets(console: Console) -> None:
    """One line for each net, and one for each that is damaged."""
    names = nets.net_names()
    if not names:
        console.print(EMPTY)
        return
    table = Table(box=box.SIMPLE_HEAD, collapse_padding=True)
    for heading in ("Net", "plays"):
        table.add_column(heading, overflow="fold")
    for heading in ("KiB", "min", "Elo range"):
        table.add_column(heading, justify="right")
    table.add_column("score", overflow="fold", min_width=SCORE_WIDTH)
    damaged = []
    for name in names:
        try:
            table.add_row(*(Text(cell) for cell in _row(nets.open_net(name))))
        except LabError as error:
            damaged.append(str(error))
    if table.row_count:
        console.print(table)
    for sentence in damaged:
        console.print(sentence, style="yellow", highlight=False, markup=False, soft_wrap=True)


def print_card(name: str, console: Console) -> None:
    """All that the card of a net says; raises LabError if there is no such net, or it is damaged."""
    net = nets.open_net(name)
    for line in card_lines(net):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print(levels_table(net.card))


def card_lines(net: nets.ZooNet) -> list[str]:
    """The card in sentences, without its levels."""
    card, trained, rounding = net.card, net.card.trained, net.card.rounding
    sizes = f", boards of {_sizes(card)}" if card.sizes else ""
    lines = [
        f"{net.name}: {card.game}{sizes}",
        f"Play it: rl-lab play {card.game} --opponent zoo:{net.name},level=3",
        f"Trained by: {trained.command}",
        f"  {trained.minutes:g} minutes on {trained.machine}; {trained.games:,} games, {trained.positions:,} positions",
        f"Weights: {_kibibytes(net)} KiB, sha256 {card.sha256}; {card.licence}",
        f"  stored with 16 bits: the same best move in {100 * rounding.same_best_move:.2f}% of {rounding.positions} "
        f"positions, probabilities at most {rounding.largest_difference:.4f} apart",
    ]
    lines += [f"Strength: {strength_line(found)}, from {found.openings}" for found in card.strength]
    return lines + ([] if card.strength else ["Strength: not measured yet"])


def levels_table(card: Card) -> Table:
    """One line a level."""
    measured = card.levels_measured or "not measured yet: even steps of the settings, not of strength"
    table = Table(title="Levels", caption=measured, box=box.SIMPLE_HEAD, collapse_padding=True)
    table.add_column("level", justify="right")
    table.add_column("it plays by", overflow="fold")
    for heading in ("Elo", "95% interval"):
        table.add_column(heading, justify="right", no_wrap=True)
    for number, level in enumerate(card.levels, 1):
        table.add_row(str(number), level.setting.text, *_rating(level))
    return table


def _rating(level: Level) -> tuple[str, str]:
    if level.elo is None or level.low is None or level.high is None:
        return "-", "-"
    return f"{level.elo:+.0f}", f"{level.low:+.0f} to {level.high:+.0f}"


def _row(net: nets.ZooNet) -> list[str]:
    card, top = net.card, net.card.level(LEVELS).elo
    last = card.strength[-1].game if card.strength else ""  # the largest board; `rl-lab zoo NAME` tells of all
    results = [f"{100 * found.score:.0f} % against\n{found.opponent}" for found in card.strength if found.game == last]
    results = [f"on {card.sizes[-1]}x{card.sizes[-1]}", *results] if results and card.sizes else results
    return [
        net.name,
        f"{card.game_name}, sizes {_sizes(card)}" if card.sizes else card.game,
        _kibibytes(net),
        f"{card.trained.minutes:g}",
        "-" if top is None else f"{top:+.0f}",
        "\n".join(results) or "-",
    ]


def _sizes(card: Card) -> str:
    sizes = card.sizes
    if len(sizes) > 2 and sizes == list(range(sizes[0], sizes[-1] + 1)):
        return f"{sizes[0]} to {sizes[-1]}"
    return " ".join(map(str, sizes))


def _kibibytes(net: nets.ZooNet) -> str:
    """The size of the weights' file; raises LabError if it is not there."""
    path = net.folder / f"{nets.MODEL}.safetensors"
    if not path.exists():
        raise LabError(f"The net in '{net.folder}' is damaged: {path.name} is missing.")
    return f"{path.stat().st_size / KIBIBYTE:,.0f}"
