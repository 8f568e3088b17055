-- The keys of what waits and of what was given up on lead with the tenant, like every other key of a tenant's table: the
-- tables can be distributed by tenant. As many indexes as before: the one by tenant becomes the key.

ALTER TABLE outbox_deliveries DROP CONSTRAINT outbox_deliveries_pkey, ADD PRIMARY KEY (tenant_id, seq);
DROP INDEX outbox_deliveries_tenant_id_seq_idx;
CREATE INDEX outbox_deliveries_seq_idx ON outbox_deliveries (seq);

ALTER TABLE outbox_dead_letters DROP CONSTRAINT outbox_dead_letters_pkey, ADD PRIMARY KEY (tenant_id, seq);
DROP INDEX outbox_dead_letters_tenant_id_seq_idx;
DROP INDEX outbox_dead_letters_position_key;
CREATE INDEX outbox_dead_letters_seq_idx ON outbox_dead_letters (seq);
CREATE INDEX outbox_dead_letters_position_idx ON outbox_dead_letters (position);
