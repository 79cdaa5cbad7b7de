"""Whether a line ends on something that the reader made no character of.

A letter that it has never seen behind an amount (50k, Rs. 500/-) is sometimes read as nothing, and surely so. Its ink
is there all the same, further from the last character than that character reaches.
"""

from collections.abc import Sequence

import numpy as np

from models.vision.reader.line_detection import GROUND, HEIGHT, REACH
from models.vision.reader.network import STEP

REACHES = 0.45
"""How far a character reaches to the right of where it was read, in heights of the line: of 136 lines in usual wear and
nine scripts none reached 0.35, of unread letters few less than 0.6."""
TALL = 0.3
"""How many of the line's rows the ink takes to be a letter, as a share: a rule or a speck takes fewer."""
INKED = GROUND + 0.45 * REACH
CONFIDENCE = 0.3
"""The most that a line is sure whose end was not read."""


def has_unread_end(pixels: np.ndarray, steps: Sequence[int]) -> bool:
    """Whether there is ink behind the last character. pixels: of the line, uint8 (32, width), ink bright; steps: where
    the network read each character, from left to right."""
    if not steps:
        return False
    end = round((steps[-1] + 0.5) * STEP + REACHES * HEIGHT)
    rows = np.flatnonzero((pixels[:, end:] > INKED).any(1))
    return bool(len(rows)) and rows[-1] - rows[0] + 1 >= TALL * HEIGHT
