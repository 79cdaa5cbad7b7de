-- Record an arrival; one that lands in parts adds up.
INSERT INTO snapshots (id, source, retrieved_at, sha256, rows, licence, status, added, changed, withdrawn, note)
VALUES ($id, $source, $retrieved_at, $sha256, $rows, $licence, $status, $added, $changed, $withdrawn, $note)
ON CONFLICT (id) DO UPDATE SET
    rows = snapshots.rows + excluded.rows, added = snapshots.added + excluded.added,
    changed = snapshots.changed + excluded.changed, withdrawn = snapshots.withdrawn + excluded.withdrawn,
    sha256 = excluded.sha256, status = excluded.status, note = excluded.note
