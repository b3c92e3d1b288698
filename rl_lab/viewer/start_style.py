"""The window's theme in the words of pygame-gui, for the controls of the start screen."""

from __future__ import annotations

from typing import Any

from rl_lab.viewer.theme import RADIUS, RGB, TEXT, Theme

STATES = ("normal", "hovered", "active", "selected", "disabled")


def style(theme: Theme, unit: float) -> dict[str, Any]:
    """Colours, fonts and corners of buttons, menus and lines of text at that unit."""
    font = {"name": "noto_sans", "size": str(round(TEXT["body"] * unit))}
    rounded = {
        "shape": "rounded_rectangle",
        "shape_corner_radius": str(round(RADIUS * unit * 0.75)),
        "border_width": "1",
        "shadow_width": "0",
    }
    plain = {"shape": "rectangle", "border_width": "0", "shadow_width": "0"}
    framed = plain | {"border_width": "1"}
    left = {"text_horiz_alignment": "left", "text_horiz_alignment_padding": str(round(9 * unit))}
    control = {"colours": _colours(theme), "font": font}
    return {
        "button": {**control, "misc": rounded},
        "#begin": {
            "colours": _colours(theme, "live", "on_live"),
            "font": {"name": "noto_sans", "size": str(round(TEXT["title"] * unit)), "bold": "1"},
            "misc": rounded,
        },
        "text_entry_line": {**control, "misc": {**rounded, "padding": f"{round(8 * unit)},{round(4 * unit)}"}},
        "drop_down_menu": {**control, "misc": {**rounded, "open_button_width": str(round(24 * unit))}},
        "drop_down_menu.@selected_option": {**control, "misc": plain | left},
        "#expand_button": {**control, "misc": plain},
        "selection_list": {**control, "misc": {**framed, "list_item_height": str(round(30 * unit))}},
        "drop_down_menu.#drop_down_options_list.@selection_list_item": {**control, "misc": plain | left},
        "vertical_scroll_bar": {**control, "misc": plain},
    }


def _colours(theme: Theme, ground: str = "button", ink: str = "ink") -> dict[str, str]:
    """The colours of a control on that ground."""
    lit = {"button": "button_hover"}.get(ground, ground)
    on = {"button": "button_on"}.get(ground, ground)
    grounds = {"normal": ground, "hovered": lit, "active": on, "selected": on, "disabled": "panel"}
    edges = {"normal": "edge", "hovered": "live", "active": "live", "selected": "live", "disabled": "edge"}
    made = {f"{state}_bg": _hex(_role(theme, grounds[state])) for state in STATES}
    made |= {f"{state}_border": _hex(_role(theme, edges[state])) for state in STATES}
    made |= {f"{state}_text": _hex(_role(theme, ink)) for state in STATES}
    made["disabled_text"] = _hex(theme["faint"])
    made["dark_bg"] = _hex(theme["panel"])
    made["text_cursor"] = made["text_cursor_colour"] = _hex(theme["ink"])
    return made


def _role(theme: Theme, role: str) -> RGB:
    """A colour of the theme; `on_live` is the ink that reads on the live colour in both themes."""
    return (24, 20, 10) if role == "on_live" else theme[role]


def _hex(color: RGB) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)
