"""One file per publisher: fetch, and return a tidy frame."""
