"""A board as one HTML file: nothing is loaded, everything is escaped; light, dark and on paper."""

import html

from dashboard import theme
from dashboard.board import layout
from dashboard.board.content import Board, Chart, Section, Slide, Table
from dashboard.board.drawing import Dot, Drawing, Line, Rect, Word, draw, height_for
from dashboard.i18n.translation import _, day

WIDE, SIZE = 540.0, 12.0
SHORT = 20
"""Characters of a figure that is not broken."""
NOTHING_LOADED = "default-src 'none'; style-src 'unsafe-inline'"
TORNADO_DARK = {"down": "#F1A340", "up": "#7CC0EE"}


def as_html(board: Board) -> str:
    """The whole file. Tables stand in full; the method is at the end."""
    with board.spoken():
        slides = "".join(_slide(slide, number) for number, slide in enumerate(board.slides, 1))
        back = "".join(
            f"<section class=method><h2>{_text(title)}</h2>{''.join(map(_section, sections))}"
            f"<p class=foot>{_text(board.footnote)}</p></section>"
            for title, sections in layout.back(board)
        )
        about = "".join(f"<p>{_text(line)}</p>" for line in board.about)
        made = _("Made with Lepton Atlas on {day}").format(day=day(board.made_at))
        contents = "".join(
            f'<li><a href="#s{number}">{_text(slide.title)}</a></li>' for number, slide in enumerate(board.slides, 1)
        )
    code = {"zh": "zh-Hans"}.get(board.language, board.language)
    return (
        f'<!doctype html><html lang="{_text(code)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{NOTHING_LOADED}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" '
        f'content="light dark"><title>{_text(board.title)}</title><style>{_style()}</style></head><body>'
        f"<header><p class=kicker>{_text(board.subtitle)}</p><h1>{_text(board.title)}</h1>"
        f"{about}<p class=made>{_text(made)}</p><nav><ol>{contents}</ol></nav></header><main>{slides}{back}"
        "</main></body></html>"
    )


def _text(text: str) -> str:
    return html.escape(text)


def _slide(slide: Slide, number: int) -> str:
    sentences = "".join(f"<p>{_text(sentence)}</p>" for sentence in slide.sentences)
    chart = "" if slide.chart is None else f"<figure>{svg(slide.chart, f'c{number}')}</figure>"
    table = "" if slide.table is None else _table(slide.table)
    both = f'<div class="{"pair" if chart and table else "one"}">{chart}{table}</div>' if chart or table else ""
    return (
        f'<section id="s{number}"><h2>{_text(slide.title)}</h2>{sentences}{both}'
        f"<p class=foot>{_text(slide.footnote)}</p></section>"
    )


def _table(table: Table) -> str:
    kinds = []
    for at in range(len(table.header)):
        short = max((len(row[at]) for row in table.rows), default=0) <= SHORT
        kinds.append(f' class="{"n w" if short else "n"}"' if table.numeric(at) else "")
    head = "".join(f'<th scope="col"{kind}>{_text(cell)}</th>' for kind, cell in zip(kinds, table.header, strict=True))
    rows = ""
    for number, row in enumerate(table.rows):
        cells = "".join(f"<td{kind}>{_text(cell)}</td>" for kind, cell in zip(kinds, row, strict=True))
        rows += f"<tr{' class=chosen' if number == table.highlight else ''}>{cells}</tr>"
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _section(section: Section) -> str:
    sentences = "".join(f"<li>{_text(sentence)}</li>" for sentence in section.sentences)
    code = f"<pre>{_text(section.code)}</pre>" if section.code else ""
    return f"<h3>{_text(section.heading)}</h3><ul>{sentences}</ul>{code}"


def svg(chart: Chart, name: str) -> str:
    """A chart as SVG with its title and its numbers in words; colours come from the page's style."""
    drawing = draw(chart, WIDE, height_for(chart, SIZE), SIZE)
    told = _text(_told(chart))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {drawing.width:.0f} {drawing.height:.0f}" role="img" '
        f'aria-labelledby="{name}t {name}d"><title id="{name}t">{_text(chart.title)}</title>'
        f'<desc id="{name}d">{told}</desc>{_shapes(drawing)}</svg>'
    )


def _told(chart: Chart) -> str:
    """The numbers of a chart in words, for those who hear it."""
    if chart.kind in ("line", "scatter"):
        return f"{chart.unit}; {chart.x_unit}; " + ", ".join(series.name for series in chart.series)
    rows = [
        f"{name}: " + ", ".join(f"{series.name} {chart.shown(series.values[at])}" for series in chart.series)
        for at, name in enumerate(chart.categories)
    ]
    return chart.unit + ". " + "; ".join(rows)


def _shapes(drawing: Drawing) -> str:
    parts = []
    for shape in drawing.shapes:
        if isinstance(shape, Rect):
            parts.append(
                f'<rect class="{shape.ink}" x="{shape.left:.1f}" y="{shape.top:.1f}" width="{shape.width:.1f}" '
                f'height="{shape.height:.1f}"/>'
            )
        elif isinstance(shape, Line):
            faint = f' opacity="{shape.opacity:g}"' if shape.opacity < 1 else ""
            parts.append(
                f'<line class="s-{shape.ink}" x1="{shape.x1:.1f}" y1="{shape.y1:.1f}" x2="{shape.x2:.1f}" '
                f'y2="{shape.y2:.1f}" stroke-width="{shape.width:g}"{faint}/>'
            )
        elif isinstance(shape, Dot):
            parts.append(f'<circle class="{shape.ink}" cx="{shape.x:.1f}" cy="{shape.y:.1f}" r="{shape.radius:.1f}"/>')
        elif isinstance(shape, Word):
            bold = ' font-weight="600"' if shape.bold else ""
            parts.append(
                f'<text class="{shape.ink}" x="{shape.x:.1f}" y="{shape.y:.1f}" font-size="{shape.size:.1f}" '
                f'text-anchor="{shape.anchor}"{bold}>{_text(shape.text)}</text>'
            )
    return "".join(parts)


def _style() -> str:
    def tokens(look: theme.Theme, tornado: dict[str, str]) -> str:
        roles = {role: getattr(look, role) for role in ("ink", "muted", "line", "paper", "surface", "accent", "grey")}
        roles |= tornado | {f"c{number}": colour for number, colour in enumerate(theme.CATEGORIES)}
        return "".join(f"--{role}:{colour};" for role, colour in roles.items())

    light = tokens(theme.LIGHT, {"down": theme.CATEGORIES[1], "up": theme.CATEGORIES[0]})
    roles = ["ink", "muted", "line", "paper", "accent", "grey", "down", "up", *(f"c{n}" for n in range(8))]
    inks = "".join(f"svg .{role}{{fill:var(--{role})}}svg .s-{role}{{stroke:var(--{role})}}" for role in roles)
    return (
        f":root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{tokens(theme.DARK, TORNADO_DARK)}}}}}"
        "*{box-sizing:border-box}body{margin:0 auto;max-width:1180px;padding:24px;background:var(--paper);"
        "color:var(--ink);font:15px/1.5 'Source Sans 3','Segoe UI','Noto Sans SC','Microsoft YaHei','PingFang SC',"
        "sans-serif}h1{font-size:28px;margin:0}h2{font-size:22px;line-height:1.25;margin:0 0 8px}"
        "h1,h2,p,li{overflow-wrap:anywhere}h3{font-size:15px;margin:16px 0 4px}p{margin:4px 0}"
        ".kicker{color:var(--accent);"
        "font-weight:600}.made{color:var(--muted);font-size:13px}nav ol{margin:8px 0 0;padding-left:20px}"
        "a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}"
        "section{border-top:1px solid var(--line);margin-top:24px;padding-top:20px}"
        ".pair{display:grid;grid-template-columns:minmax(0,1.15fr) minmax(0,1fr);gap:24px;margin-top:8px}"
        "figure{margin:0}.one figure{max-width:760px}svg{display:block;width:100%;height:auto;font-family:inherit}"
        "line{stroke-linecap:butt}table{border-collapse:collapse;width:100%;font-size:13px;"
        "font-variant-numeric:tabular-nums}th,td{border-bottom:1px solid var(--line);padding:4px 8px 4px 0;"
        "text-align:left;vertical-align:top;overflow-wrap:anywhere}th{color:var(--muted);font-weight:600}"
        "td.n,th.n{text-align:right}td.w{white-space:nowrap}.chosen td{color:var(--accent);font-weight:600}"
        ".wide{overflow-x:auto}.foot{color:var(--muted);font-size:12px;margin-top:12px}"
        "ul{margin:0;padding-left:18px;font-size:13px}"
        "pre{background:var(--surface);padding:12px;font-size:12px;white-space:pre-wrap;overflow-wrap:anywhere}"
        f"{inks}@media (max-width:760px){{.pair{{grid-template-columns:1fr}}body{{padding:16px}}}}"
        f"@page{{size:A4 landscape;margin:12mm}}@media print{{:root{{{light}}}body{{max-width:none;padding:0;"
        "font-size:12px}table{font-size:11px}th,td{padding-top:2px;padding-bottom:2px}nav{display:none}section{break-before:page;border:0;margin:0;padding:0}"
        "main>section:first-child{break-before:auto}svg{max-height:135mm}tr{break-inside:avoid}}"
    )
