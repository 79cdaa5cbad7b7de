-- Values that the removed arrival brought and that still stand.
DELETE FROM observations WHERE snapshot = $snapshot
