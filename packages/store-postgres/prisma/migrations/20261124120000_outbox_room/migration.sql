-- Room on every page for a second version of each of its rows: a claim changes all rows of a page at once, and a version
-- that stays on its page needs no new entry in any index.
ALTER TABLE outbox_deliveries SET (fillfactor = 45);
