"""The page's tables: ratings as a forest plot, details of each agent, and the cross-table as a heat map. All HTML."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from rl_lab.arena.page.axis import Axis
from rl_lab.arena.play import GameRecord
from rl_lab.arena.ratings import Ratings
from rl_lab.arena.statistics import Standing, Tally, head_to_head, standings


def ratings_table(ratings: Ratings, records: Sequence[GameRecord]) -> str:
    """One row an agent, the best first: rating, interval, the two drawn over one scale, score, and the chance that it
    is better than the next."""
    axis = Axis.over([*map(float, ratings.low), *map(float, ratings.high)], 0, 100)
    by_name = {standing.name: standing for standing in standings(records, ratings.names)}
    head = table_row(
        "th",
        ("", "num"),
        ("Agent", "name"),
        ("Elo", "num"),
        ("95% interval", "num"),
        (tick_row(axis), "plot"),
        ("Score", "num"),
        ("Better than next", "num"),
    )
    order = ratings.order
    rows = [
        table_row(
            "td",
            (str(place), "num rank"),
            (agent_name(ratings.names[i], ratings.names[i] == ratings.anchor), "name"),
            (elo_text(ratings.elo[i]) if i != _anchor(ratings) else "0", "num strong"),
            (_interval(ratings, i), "num faint"),
            (whisker(float(ratings.low[i]), float(ratings.elo[i]), float(ratings.high[i]), axis), "plot"),
            (_percent(by_name[ratings.names[i]].total.score), "num"),
            (_superiority(ratings, order, place), "num"),
        )
        for place, i in enumerate(order, 1)
    ]
    return html_table("ratings", head, rows)


def details_table(ratings: Ratings, records: Sequence[GameRecord], players: tuple[str, str]) -> str:
    """One row an agent, in the order of the ratings: games, scores in either seat, length of games, time, forfeits."""
    by_name = {standing.name: standing for standing in standings(records, ratings.names)}
    headings = ("Won", "Drawn", "Lost", f"As {players[0]}", f"As {players[1]}", "Mean moves", "ms a move", "Forfeits")
    head = table_row("th", ("", "num"), ("Agent", "name"), *((escape(heading), "num") for heading in headings))
    rows = []
    for place, i in enumerate(ratings.order, 1):
        standing = by_name[ratings.names[i]]
        total = standing.total
        cells = (
            *map(str, (total.wins, total.draws, total.losses)),
            *map(_percent, (standing.first.score, standing.second.score)),
            _number(standing.mean_plies, 1),
            _number(1000 * standing.seconds_per_move, 2),
            _forfeits(records, standing),
        )
        rows.append(
            table_row("td", (str(place), "num rank"), (agent_name(standing.name), "name"), *((c, "num") for c in cells))
        )
    return html_table("details", head, rows)


def cross_table(ratings: Ratings, records: Sequence[GameRecord]) -> str:
    """The score in % of the agent in the row against the agent in the column; the colour tells it too."""
    names = [ratings.names[i] for i in ratings.order]
    numbers = ((str(place), "num") for place in range(1, len(names) + 1))
    head = table_row("th", ("", "num"), ("Agent", "name"), *numbers)
    meetings: dict[tuple[str, str], list[GameRecord]] = {}
    for record in records:
        for pair in (record.agents, record.agents[::-1]):
            meetings.setdefault(pair, []).append(record)
    rows = [
        "<tr>"
        + f'<td class="num rank">{place}</td><td class="name">{agent_name(row)}</td>'
        + "".join(_meeting(row, column, meetings.get((row, column), [])) for column in names)
        + "</tr>"
        for place, row in enumerate(names, 1)
    ]
    return html_table("cross", head, rows)


def settings_list(settings: Iterable[tuple[str, object]]) -> str:
    """Names and values as a description list."""
    entries = (f"<div><dt>{escape(str(key))}</dt><dd>{escape(_text(value))}</dd></div>" for key, value in settings)
    return f"<dl>{''.join(entries)}</dl>"


def _meeting(row: str, column: str, records: Sequence[GameRecord]) -> str:
    if row == column:
        return '<td class="meeting self"></td>'
    if not records:
        return '<td class="meeting none">–</td>'
    games = [record.score(record.agents.index(row)) for record in records]
    tally = Tally(games.count(1.0), games.count(0.5), games.count(0.0))
    score = head_to_head(records, row, column)
    told = (
        f"{row} against {column}: {tally.wins} won, {tally.draws} drawn, {tally.losses} lost; "
        f"score {_percent(score.mean)}, 95% interval {100 * score.low:.0f} to {100 * score.high:.0f}%"
    )
    # How far the colour goes from neutral to that of a win or a loss.
    strength = round(100 * abs(2 * score.mean - 1))
    side = "win" if score.mean >= 0.5 else "loss"
    return (
        f'<td class="meeting {side}" style="--strength:{strength}%" title="{escape(told)}">{100 * score.mean:.0f}'
        f"<small>{100 * score.low:.0f}–{100 * score.high:.0f}</small></td>"
    )


def tick_row(axis: Axis) -> str:
    """The numbers of an axis from 0 to 100, for the head of a column of whiskers."""
    ticks = "".join(f'<i style="left:{axis.place(tick):.2f}%">{tick:g}</i>' for tick in axis.ticks)
    return f'<div class="forest ticks">{ticks}</div>'


def whisker(low: float, middle: float, high: float, axis: Axis) -> str:
    """A value and its interval, drawn over an axis from 0 to 100."""
    low, middle, high = axis.place(low), axis.place(middle), axis.place(high)
    grid = "".join(f'<i style="left:{axis.place(tick):.2f}%"></i>' for tick in axis.ticks)
    bar = f'<b style="left:{low:.2f}%;width:{high - low:.2f}%"></b>'
    return f'<div class="forest">{grid}{bar}<u style="left:{middle:.2f}%"></u></div>'


def _superiority(ratings: Ratings, order: Sequence[int], place: int) -> str:
    if place == len(order):
        return ""
    chance = 100 * ratings.superiority(ratings.names[order[place - 1]], ratings.names[order[place]])
    return "&gt; 99.9%" if chance > 99.9 else f"{chance:.1f}%"


def _interval(ratings: Ratings, i: int) -> str:
    return "by definition" if i == _anchor(ratings) else f"{elo_text(ratings.low[i])} to {elo_text(ratings.high[i])}"


def _anchor(ratings: Ratings) -> int | None:
    return None if ratings.anchor is None else ratings.names.index(ratings.anchor)


def _forfeits(records: Sequence[GameRecord], standing: Standing) -> str:
    """How many of its games the agent gave up other than by resigning."""
    lost = sum(
        record.reason not in ("score", "resign") and record.score(record.agents.index(standing.name)) == 0
        for record in records
        if standing.name in record.agents
    )
    return str(lost)


def agent_name(name: str, anchor: bool = False) -> str:
    """An agent's name, which may break after the signs of a spec string."""
    text = escape(name)
    for sign in (":", ",", "/"):
        text = text.replace(sign, f"{sign}<wbr>")
    return text + (' <span class="anchor">anchor</span>' if anchor else "")


def elo_text(value: float) -> str:
    """A rating or a difference, with its sign."""
    return f"{value:+.0f}".replace("-", "−")


def _percent(score: float) -> str:
    return "–" if math.isnan(score) else f"{100 * score:.1f}%"


def _number(value: float, digits: int) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def table_row(tag: str, *cells: tuple[str, str]) -> str:
    """A row of a table; each cell is its HTML and its class."""
    return "<tr>" + "".join(f'<{tag} class="{kind}">{content}</{tag}>' for content, kind in cells) + "</tr>"


def html_table(kind: str, head: str, rows: Iterable[str]) -> str:
    """A table of that class, in a box that scrolls where it is too wide."""
    body = "".join(rows)
    return f'<div class="scroll"><table class="{kind}"><thead>{head}</thead><tbody>{body}</tbody></table></div>'


def _text(value: object) -> str:
    """A setting's value; a list in one line."""
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
