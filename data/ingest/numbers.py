"""How a file writes its numbers: found out from all its cells together, or asked about."""

from dataclasses import dataclass

from data import layouts, store
from data.ingest.report import Choices

BOTH = r"[-+]?\d{1,3}(\.\d{3})+,\d+"
"""39.055,4: a point can be nothing but a thousands separator, and the comma is the decimal sign."""
POINTS = r"[-+]?\d{1,3}(\.\d{3}){2,}"
COMMA = r"[-+]?\d+,\d+"
GROUPED = r"[-+]?\d{1,3}(,\d{3})+\.\d+|[-+]?\d{1,3}(,\d{3}){2,}"
"""2,255.5 and 1,234,567: a comma can be nothing but a thousands separator."""
POINT = r"[-+]?\d*\.\d*(e[-+]?\d+)?"
POINT_OR_THOUSANDS = r"[-+]?[1-9]\d{0,2}\.\d{3}"
COMMA_OR_THOUSANDS = r"[-+]?[1-9]\d{0,2},\d{3}"
WITH_COMMA = r"[-+]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?(e[-+]?\d+)?"
WITH_POINT = r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?"
MANY = 20
"""So many cells of one kind to one of the other make the other a slip."""


@dataclass(frozen=True)
class Convention:
    """decimal: the sign that is read as such; "" when only plain numbers are. asked: what must be asked about."""

    decimal: str = ""
    asked: str = ""

    @property
    def needs_texts(self) -> bool:
        return self.decimal == ","


def needs_texts(part: layouts.Layout, choices: Choices) -> bool:
    """Whether the text of every value is needed, not only of those that are no plain number."""
    sign = choices.decimal or part.decimal
    return sign == "," or (not sign and part.delimiter != ",")


def text_of(part: layouts.Layout, value: str) -> str:
    """A value without the flags that Eurostat writes behind it."""
    return f"regexp_replace(trim({value}), '\\s*[a-z]+$', '')" if part.kind == "Eurostat TSV" else value


def convention(connection: store.Connection, part: layouts.Layout, choices: Choices) -> Convention:
    """How the cells of `part` are written."""
    if sign := choices.decimal or part.decimal:
        return Convention(sign)
    if "written" in {row[0] for row in connection.execute("DESCRIBE part").fetchall()}:
        text, plain = "lower(trim(written))", f"regexp_full_match({{t}}, '{POINT}')"
        one = f"regexp_full_match({{t}}, '{POINT_OR_THOUSANDS}')"
    else:
        odd = "SELECT bool_or(contains(value_text, ',') OR contains(value_text, '.')) FROM part"
        if not connection.execute(odd).fetchone()[0]:
            return Convention()
        text, plain = "lower(value_text)", "value <> floor(value)"
        one = (
            "abs(value) BETWEEN 1 AND 1000 AND round(value * 1000, 6) = round(value * 1000) "
            "AND round(value * 100, 6) <> round(value * 100)"
        )
    plain, one = plain.replace("{t}", text), one.replace("{t}", text)
    both, comma, grouped, point, doubtful = connection.execute(
        f"""
        SELECT count(*) FILTER (regexp_full_match({text}, '{BOTH}')),
               count(*) FILTER (regexp_full_match({text}, '{COMMA}')
                                AND NOT regexp_full_match({text}, '{COMMA_OR_THOUSANDS}')
                                OR regexp_full_match({text}, '{POINTS}')),
               count(*) FILTER (regexp_full_match({text}, '{GROUPED}')),
               count(*) FILTER ({plain} AND NOT ({one})),
               count(*) FILTER ({one})
        FROM part
        """
    ).fetchone()
    commas, points = both + comma, grouped + point
    is_list = part.delimiter == ","
    if commas and commas >= MANY * points and (both or not is_list):
        return Convention(asked=one) if part.is_typed and doubtful else Convention(",")
    if grouped and not is_list and points >= MANY * commas:
        return Convention(".")
    if doubtful and ((commas and point < MANY * commas) or not (commas or point or grouped or is_list)):
        return Convention(asked=one)
    return Convention()


def apply(connection: store.Connection, decided: Convention, part: layouts.Layout) -> None:
    """Read the cells of `part` by that; what must be asked about is set aside."""
    if decided.asked:
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE doubtful AS SELECT rowid AS cell, * FROM part WHERE {decided.asked}"
        )
        shown = "written" if part.delimiter != "," else "value::VARCHAR"
        connection.execute(
            f"INSERT INTO set_aside SELECT min(line), arg_min(value_column, line), arg_min({shown}, line), "
            f"'separator', MAP {{'example': arg_min({shown}, line)}}, count(*) FROM doubtful HAVING count(*) > 0"
        )
        connection.execute("DELETE FROM part WHERE rowid IN (SELECT cell FROM doubtful)")
    elif decided.decimal == ",":
        connection.execute(
            "UPDATE part SET value = try_cast(replace(replace(lower(trim(written)), '.', ''), ',', '.') AS DOUBLE), "
            f"value_text = NULL WHERE regexp_full_match(lower(trim(written)), '{WITH_COMMA}')"
        )
        connection.execute(
            "UPDATE part SET value = NULL, value_text = trim(written) WHERE contains(written, '.') "
            f"AND NOT regexp_full_match(lower(trim(written)), '{WITH_COMMA}') AND value IS NOT NULL"
        )
        _remark(connection, "decimal comma", "regexp_matches(written, '[.,]') AND value IS NOT NULL")
    elif decided.decimal == ".":
        connection.execute(
            "UPDATE part SET value = try_cast(replace(value_text, ',', '') AS DOUBLE), value_text = NULL "
            f"WHERE regexp_full_match(value_text, '{WITH_POINT}')"
        )


def _remark(connection: store.Connection, kind: str, where: str) -> None:
    connection.execute(f"INSERT INTO remarks SELECT '{kind}', '', count(*) FROM part WHERE {where} HAVING count(*) > 0")
