"""Prices, numbers and dates as markets write them: alphabets, formats, calendars, and back to a value."""
