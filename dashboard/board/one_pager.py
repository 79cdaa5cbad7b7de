"""The decision sheet on one A4 page: the same content as HTML to read anywhere and as PDF to print."""

import html
import io
from dataclasses import dataclass

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import KeepInFrame, SimpleDocTemplate, Spacer, Table

from dashboard import theme
from dashboard.board import paragraphs, typesetting
from dashboard.i18n.translation import _, spoken


@dataclass(frozen=True)
class Sheet:
    """What stands on the sheet, in the reader's language: sentences, and tables of texts with a heading row."""

    title: str
    verdict: str
    sentences: tuple[str, ...]
    tables: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]
    foot: str
    language: str


def as_html(sheet: Sheet) -> str:
    """One self-contained file; everything is escaped, nothing is loaded."""
    look, text = theme.LIGHT, html.escape
    body = "".join(f"<p>{text(sentence)}</p>" for sentence in sheet.sentences)
    for heading, rows in sheet.tables:
        head = "".join(f"<th>{text(cell)}</th>" for cell in rows[0])
        lines = "".join("<tr>" + "".join(f"<td>{text(cell)}</td>" for cell in row) + "</tr>" for row in rows[1:])
        body += f"<h2>{text(heading)}</h2><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"
    style = (
        f"@page{{size:A4;margin:14mm}}body{{font:13px/1.45 'Source Sans 3','Noto Sans SC',sans-serif;color:{look.ink};"
        f"max-width:182mm;margin:0 auto}}h1{{font-size:24px;margin:0}}h2{{font-size:15px;margin:14px 0 4px}}"
        f".verdict{{color:{look.accent};font-size:18px;font-weight:600;margin:4px 0 8px}}p{{margin:3px 0}}"
        f"table{{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}}"
        f"th,td{{border-bottom:1px solid {look.line};padding:2px 6px;text-align:left}}th{{color:{look.muted}}}"
        f"footer{{color:{look.muted};font-size:11px;margin-top:14px}}"
    )
    return (
        f'<!doctype html><html lang="{text(sheet.language)}"><head><meta charset="utf-8">'
        f"<title>{text(sheet.title)}</title><style>{style}</style></head><body><h1>{text(sheet.title)}</h1>"
        f'<div class="verdict">{text(sheet.verdict)}</div>{body}<footer>{text(sheet.foot)}</footer></body></html>'
    )


def as_pdf(sheet: Sheet) -> bytes:
    """One A4 page; text shrinks rather than run over to a second one."""
    with spoken(sheet.language):
        return _printed(sheet)


def _printed(sheet: Sheet) -> bytes:
    regular, bold = fonts(sheet.language)
    look = theme.LIGHT

    def style(size: float, colour: str = look.ink, font: str = regular, before: float = 0) -> ParagraphStyle:
        wrap = "CJK" if sheet.language == "zh" else None
        return ParagraphStyle(
            f"{size}{colour}{font}",
            fontName=font,
            fontSize=size,
            leading=size * 1.35,
            textColor=colors.HexColor(colour),
            spaceBefore=before,
            wordWrap=wrap,
        )

    story = [
        paragraphs.paragraph(sheet.title, style(18, font=bold)),
        paragraphs.paragraph(sheet.verdict, style(13, look.accent, bold)),
    ]
    story += [paragraphs.paragraph(sentence, style(9.5, before=2)) for sentence in sheet.sentences]
    for heading, rows in sheet.tables:
        story.append(paragraphs.paragraph(heading, style(11, font=bold, before=8)))
        cells = [
            [paragraphs.paragraph(cell, style(8.5, look.ink if i else look.muted)) for cell in row]
            for i, row in enumerate(rows)
        ]
        rule = ("LINEBELOW", (0, 0), (-1, -1), 0.4, colors.HexColor(look.line))
        tight = [("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5)]
        story.append(
            Table(cells, hAlign="LEFT", colWidths=[182 * mm / len(rows[0])] * len(rows[0]), style=[rule, *tight])
        )
    story += [
        Spacer(1, 6),
        *(paragraphs.paragraph(text, style(7.5, look.muted)) for text in (sheet.foot, *_unwritten(sheet))),
    ]
    target = io.BytesIO()
    page = SimpleDocTemplate(
        target,
        pagesize=A4,
        title=sheet.title,
        leftMargin=14 * mm,
        rightMargin=14 * mm,
        topMargin=14 * mm,
        bottomMargin=14 * mm,
    )
    page.build([KeepInFrame(182 * mm, 260 * mm, story, mode="shrink")])
    return target.getvalue()


def fonts(language: str) -> tuple[str, str]:
    """The regular and the bold face of a language, known to reportlab from then on."""
    if language != "zh":
        return "Helvetica", "Helvetica-Bold"
    return typesetting.supplied(typesetting.CHINESE), typesetting.CHINESE


def _unwritten(sheet: Sheet) -> tuple[str, ...]:
    """What the PDF cannot write, told in words."""
    cells = (cell for heading, rows in sheet.tables for cell in (heading, *(cell for row in rows for cell in row)))
    texts = (sheet.title, sheet.verdict, *sheet.sentences, *cells, sheet.foot)
    told = typesetting.unwritten(texts)
    return (told, _("The HTML file holds the words themselves.")) if told else ()
