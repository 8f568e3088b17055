-- The epochs that the data has been in: every restore and every promotion begins one. The newest is where the data is now,
-- and none ever returns: whoever still names an earlier one has missed something [CAP-06].
CREATE TABLE epochs (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  epoch text COLLATE "C" NOT NULL CONSTRAINT epochs_epoch_key UNIQUE,
  -- What the server itself says of where it is, at the time of adoption; null where it may not be asked.
  server_mark text COLLATE "C",
  adopted_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);

ALTER TABLE epochs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY epochs_of_relay ON epochs FOR ALL USING ((SELECT scope_is_relay()));
