"""The page of a tournament in a single-agent world: returns, their differences and their spread. It needs no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.solo.world import World
from rl_lab.arena.page.axis import Axis
from rl_lab.arena.page.shell import render
from rl_lab.arena.page.tables import agent_name, html_table, settings_list, table_row, tick_row, whisker
from rl_lab.evaluate import MEASURES, Result, bootstrap_interval

BINS = 40
WIDTH, HEIGHT = 400, 34  # of one agent's histogram, in units of its picture


def render_world_page(
    world: World, results: Sequence[Result], episodes: int, title: str, settings: Mapping[str, object]
) -> str:
    """The page as text: `results` are the agents' on the same so many episodes (1 or more), `settings` shown as is."""
    order = sorted(results, key=lambda result: -float(result[1].returns.mean()))
    parts = {
        "returns": _returns(order),
        "differences": _differences(order),
        "spread": _spread(order),
        "measures": _measures(world, order),
        "settings": settings_list({"world": world.spec, **settings}.items()),
    }
    return render(title, f"{len(results)} agents on the same {episodes} episodes of {world.spec}.", "world.html", parts)


def _returns(results: Sequence[Result]) -> str:
    """One row an agent, the best first: mean return with its interval, share of episodes that end well, length."""
    means = [(float(found.returns.mean()), *_interval(found.returns)) for _, found in results]
    axis = Axis.over([value for row in means for value in row], 0, 100)
    head = table_row(
        "th",
        ("", "num"),
        ("Agent", "name"),
        ("Mean return", "num"),
        ("95% interval", "num"),
        (tick_row(axis), "plot"),
        ("Ended well", "num"),
        ("Mean steps", "num"),
        ("ms a step", "num"),
    )
    rows = [
        table_row(
            "td",
            (str(place), "num rank"),
            (agent_name(name), "name"),
            (_number(mean), "num strong"),
            (f"{_number(low)} to {_number(high)}", "num faint"),
            (whisker(low, mean, high, axis), "plot"),
            (f"{100 * float((found.outcomes > 0).mean()):.1f}%", "num"),
            (f"{found.lengths.mean():.1f}", "num"),
            (f"{1000 * found.seconds_per_decision:.2f}", "num"),
        )
        for place, ((name, found), (mean, low, high)) in enumerate(zip(results, means, strict=True), 1)
    ]
    return html_table("ratings", head, rows)


def _differences(results: Sequence[Result]) -> str:
    """A cross-table of paired differences; the colour goes with how sure the sign is."""
    numbers = ((str(place), "num") for place in range(1, len(results) + 1))
    head = table_row("th", ("", "num"), ("Agent", "name"), *numbers)
    rows = []
    for place, (name, found) in enumerate(results, 1):
        cells = (_difference(name, found.returns, other, theirs.returns) for other, theirs in results)
        first = f'<td class="num rank">{place}</td><td class="name">{agent_name(name)}</td>'
        rows.append(f"<tr>{first}{''.join(cells)}</tr>")
    return html_table("cross", head, rows)


def _difference(name: str, mine: NDArray[np.float64], other: str, theirs: NDArray[np.float64]) -> str:
    if name == other:
        return '<td class="meeting self"></td>'
    mean, (low, high) = float((mine - theirs).mean()), _interval(mine - theirs)
    strength = 70 if low > 0 or high < 0 else 15
    told = f"{name} above {other}: {_number(mean)}, 95% interval {_number(low)} to {_number(high)}"
    return (
        f'<td class="meeting {"win" if mean >= 0 else "loss"}" style="--strength:{strength}%" title="{escape(told)}">'
        f"{_signed(mean)}<small>{_signed(low)} to {_signed(high)}</small></td>"
    )


def _spread(results: Sequence[Result]) -> str:
    """A histogram for each agent, over one scale."""
    everything = np.concatenate([found.returns for _, found in results])
    axis = Axis.over(everything.tolist(), 0, WIDTH)
    head = table_row("th", ("Agent", "name"), (f"{_number(axis.low)} to {_number(axis.high)}", "plot"))
    rows = [
        table_row("td", (agent_name(name), "name"), (_histogram(found.returns, axis), "histogram"))
        for name, found in results
    ]
    return html_table("spread", head, rows)


def _histogram(returns: NDArray[np.float64], axis: Axis) -> str:
    counts, edges = np.histogram(returns, BINS, (axis.low, axis.high))
    width, scale = WIDTH / BINS, HEIGHT / float(counts.max())
    bars = "".join(
        f'<rect x="{axis.place(float(edge)):.1f}" y="{HEIGHT - scale * count:.1f}" '
        f'width="{width - 1:.1f}" height="{scale * count:.1f}"/>'
        for edge, count in zip(edges, counts.tolist(), strict=False)
        if count
    )
    x = axis.place(float(returns.mean()))
    return (
        f'<svg class="series-0 chart" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" height="{HEIGHT}" '
        f'role="img" aria-label="returns from {_number(returns.min())} to {_number(returns.max())}">'
        f'{bars}<line class="level" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{HEIGHT}"/></svg>'
    )


def _measures(world: World, results: Sequence[Result]) -> str:
    """What else the world measures, as a mean over episodes with its interval."""
    measures = MEASURES.get(world.name, {})
    if not measures:
        return '<p class="note">Nothing beside the return.</p>'
    head = table_row("th", ("Agent", "name"), *((escape(name), "num") for name in measures))
    rows = [
        table_row("td", (agent_name(name), "name"), *((_mean(measure(found)), "num") for measure in measures.values()))
        for name, found in results
    ]
    return html_table("details", head, rows)


def _mean(values: NDArray[Any]) -> str:
    known = values[~np.isnan(values)]
    if not len(known):
        return "–"
    low, high = _interval(known)
    return f'{_number(float(known.mean()))} <span class="faint">({_number(low)} to {_number(high)})</span>'


def _interval(values: NDArray[Any]) -> tuple[float, float]:
    """The bootstrap interval of the mean; of one episode, the value itself."""
    low, high = bootstrap_interval(values)
    mean = float(values.mean())
    return (mean, mean) if np.isnan(low) or np.isnan(high) else (float(low), float(high))


def _number(value: float) -> str:
    """Three decimals, from 10 on one."""
    return f"{value:,.{3 if abs(value) < 10 else 1}f}".replace("-", "−")


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + _number(value)
