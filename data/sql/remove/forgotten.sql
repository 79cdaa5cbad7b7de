-- Where nothing stood before the removed arrival, a later one replaced nothing.
DELETE FROM revisions WHERE old_snapshot = $snapshot
