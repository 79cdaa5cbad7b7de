"""Colours and the shape of every chart; the same tokens as .streamlit/config.toml, light and dark."""

from dataclasses import dataclass
from typing import Any

FONT = "Source Sans, sans-serif"
CATEGORIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C6D1F", "#7F7F7F")


@dataclass(frozen=True)
class Theme:
    """The tokens a chart needs. sequence: low to high. missing: never the colour of a low value."""

    name: str
    ink: str
    muted: str
    paper: str
    surface: str
    line: str
    accent: str
    grey: str
    missing: str
    sequence: tuple[str, ...]


LIGHT = Theme(
    "light",
    ink="#1B2733",
    muted="#5C6B7A",
    paper="#FFFFFF",
    surface="#F4F6F8",
    line="#DDE3E8",
    accent="#0B7285",
    grey="#B4BEC8",
    missing="#EEF1F4",
    sequence=("#C9E9EE", "#8CCBD6", "#4FA8B8", "#1F8799", "#0B7285", "#064754"),
)
DARK = Theme(
    "dark",
    ink="#E6EBF0",
    muted="#93A1AF",
    paper="#11161B",
    surface="#1A2128",
    line="#2B353F",
    accent="#3BC9DB",
    grey="#4A5764",
    missing="#1E262E",
    sequence=("#12404A", "#15606E", "#1A8294", "#25A3B7", "#3BC9DB", "#A5EEF7"),
)


def theme(dark: bool) -> Theme:
    return DARK if dark else LIGHT


def layout(look: Theme, **overrides: Any) -> dict[str, Any]:
    """A Plotly layout in the house style; overrides win."""
    axis = {
        "gridcolor": look.line,
        "zeroline": False,
        "linecolor": look.line,
        "ticks": "",
        "tickfont": {"color": look.muted, "size": 12},
        "title": {"font": {"color": look.muted, "size": 12}},
    }
    base = {
        "font": {"family": FONT, "color": look.ink, "size": 13},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "showlegend": False,
        "hovermode": "closest",
        "hoverlabel": {
            "bgcolor": look.surface,
            "bordercolor": look.line,
            "font": {"color": look.ink, "family": FONT},
        },
    }
    for name in ("xaxis", "yaxis"):
        given = overrides.pop(name, {})
        base[name] = axis | given | {"title": axis["title"] | given.get("title", {})}
    return base | overrides
