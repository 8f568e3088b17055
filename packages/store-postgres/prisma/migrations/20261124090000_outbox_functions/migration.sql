-- How events are handed over. All of it runs as the caller, under row-level security.
--
-- Whoever changes what waits takes a turn: a lock of the transaction, so that each sees what everybody before it did. Only
-- an acknowledgement or extension of events that went straight takes none: it changes one lease, found by its token.
--
-- The log is read in the order of its positions, but a position becomes visible when its transaction commits, and that may
-- be after higher ones were taken. What can still appear below the position that has been reached was appended by a
-- transaction that had its id before it drew its position, and had not ended in the snapshot of the claim: either one the
-- snapshot lists as running, or one whose id is not below the snapshot's xmax, which ends at the last *ended* transaction
-- and not at the last that began. The claim draws an id of its own after its snapshot; every id that was given out before
-- is below it. So these two kinds are all that has to be remembered, and nobody waits for them [OBX-01].

-- Aggregates are compared by this. Two that share it wait for each other now and then, and nothing worse.
CREATE FUNCTION aggregate_key(aggregate_type text, aggregate_id text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN hashtextextended(aggregate_id, hashtext(aggregate_type));

CREATE FUNCTION take_outbox_turn() RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('user-engine outbox ' || current_schema(), 0));
END
$$;

-- Lowers the marks of the newest claim, so that the next one sees a delivery with this position that is due then.
CREATE FUNCTION note_outbox_delivery(at_position bigint, at_time timestamptz) RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE outbox_leases SET lowest_delivery = least(lowest_delivery, at_position),
    nothing_due_until = least(nothing_due_until, at_time - interval '1 microsecond')
  WHERE token = (SELECT token FROM outbox_leases ORDER BY token DESC LIMIT 1)
    AND (lowest_delivery > at_position OR nothing_due_until >= at_time);
END
$$;

-- Lets the first delivery of each aggregate be handed over that has waited behind another one of it. Whether something
-- else still keeps it back is for the next claim to see.
CREATE FUNCTION release_outbox_aggregates(settled_aggregates bigint[], at_time timestamptz) RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  from_position bigint;
BEGIN
  SELECT lowest_delivery INTO from_position FROM outbox_leases ORDER BY token DESC LIMIT 1;
  UPDATE outbox_deliveries d SET due_at = at_time
  FROM unnest(settled_aggregates) AS settled (aggregate)
    CROSS JOIN LATERAL (
      SELECT f.tenant_id, f.seq, f.due_at FROM outbox_deliveries f
      WHERE f.aggregate = settled.aggregate AND f.seq >= from_position ORDER BY f.seq LIMIT 1) first
  WHERE d.tenant_id = first.tenant_id AND d.seq = first.seq AND first.due_at IS NULL;
  IF FOUND THEN
    PERFORM note_outbox_delivery(from_position, at_time);
  END IF;
END
$$;

-- Takes the open events of a lease out of it and makes deliveries of them: all of them, or those with these ids. They keep
-- the token, so that it can still settle them.
CREATE FUNCTION leave_outbox_lease(lease outbox_leases, event_ids uuid[], at_time timestamptz) RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  left_now bigint[];
  lowest bigint;
BEGIN
  WITH moved AS (
    INSERT INTO outbox_deliveries (tenant_id, seq, event_id, aggregate, attempts, token, due_at)
    SELECT e.tenant_id, e.seq, e.id, held.aggregate, 1, lease.token, at_time
    FROM unnest(lease.seqs, lease.aggregates) WITH ORDINALITY AS held (seq, aggregate, place)
      JOIN outbox_events e ON e.seq = held.seq
    WHERE get_bit(lease.settled, held.place::integer - 1) = 0 AND (event_ids IS NULL OR e.id = ANY (event_ids))
    RETURNING seq)
  SELECT array_agg(seq), min(seq) INTO left_now, lowest FROM moved;
  IF left_now IS NULL THEN
    RETURN;
  END IF;
  UPDATE outbox_leases l SET
    settled = (
      SELECT string_agg(CASE WHEN held.seq = ANY (left_now) THEN '1' ELSE get_bit(l.settled, held.place::integer - 1)::text END,
        '' ORDER BY held.place)
      FROM unnest(l.seqs) WITH ORDINALITY AS held (seq, place))::bit varying,
    open = l.open - cardinality(left_now)
  WHERE l.token = lease.token;
  PERFORM note_outbox_delivery(lowest, at_time);
END
$$;

-- Makes every named event a delivery that the token holds, or refuses all of them [OBX-03].
CREATE FUNCTION hold_outbox_events(held_token bigint, event_ids uuid[]) RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  lease outbox_leases;
  others uuid[];
BEGIN
  PERFORM take_outbox_turn();
  SELECT * INTO lease FROM outbox_leases WHERE token = held_token AND open > 0 FOR UPDATE;
  IF FOUND THEN
    PERFORM leave_outbox_lease(lease, event_ids, lease.leased_until);
  END IF;
  others := ARRAY(
    SELECT unnest(event_ids) EXCEPT
    SELECT d.event_id FROM outbox_deliveries d WHERE d.event_id = ANY (event_ids) AND d.token = held_token);
  IF others <> '{}' THEN
    PERFORM refuse_stale_lease(held_token, others);
  END IF;
END
$$;

-- Settles deliveries that the token holds.
CREATE FUNCTION remove_outbox_deliveries(held_token bigint, event_ids uuid[]) RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  settled_aggregates bigint[];
BEGIN
  WITH removed AS (
    DELETE FROM outbox_deliveries d WHERE d.event_id = ANY (event_ids) AND d.token = held_token RETURNING d.aggregate)
  SELECT array_agg(DISTINCT aggregate) INTO settled_aggregates FROM removed;
  PERFORM release_outbox_aggregates(settled_aggregates, clock_timestamp());
END
$$;

-- Moves deliveries that the token holds, and that were handed over that often, to the dead letters. Returns their ids.
CREATE FUNCTION bury_outbox_deliveries(held_token bigint, event_ids uuid[], for_reason text, from_attempt integer)
RETURNS uuid[] LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  buried uuid[];
  settled_aggregates bigint[];
BEGIN
  WITH given_up AS (
    DELETE FROM outbox_deliveries d
    WHERE d.event_id = ANY (event_ids) AND d.token = held_token AND d.attempts >= from_attempt RETURNING d.*),
  letters AS (
    INSERT INTO outbox_dead_letters (tenant_id, seq, event_id, attempts, reason)
    SELECT tenant_id, seq, event_id, attempts, for_reason FROM given_up ORDER BY seq)
  SELECT array_agg(event_id ORDER BY seq), array_agg(DISTINCT aggregate) INTO buried, settled_aggregates FROM given_up;
  PERFORM release_outbox_aggregates(settled_aggregates, clock_timestamp());
  RETURN buried;
END
$$;

-- Gives deliveries that the token holds back, until they are due again.
CREATE FUNCTION return_outbox_deliveries(held_token bigint, event_ids uuid[], again_after interval) RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  again timestamptz := clock_timestamp() + again_after;
  lowest bigint;
BEGIN
  WITH returned AS (
    UPDATE outbox_deliveries d SET token = NULL, due_at = again
    WHERE d.event_id = ANY (event_ids) AND d.token = held_token RETURNING d.seq)
  SELECT min(seq) INTO lowest FROM returned;
  IF lowest IS NOT NULL THEN
    PERFORM note_outbox_delivery(lowest, again);
  END IF;
END
$$;

-- Makes dead letters pending again, with no attempt counted.
CREATE FUNCTION replay_outbox_event(dead_event uuid) RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  moment timestamptz;
  lowest bigint;
BEGIN
  PERFORM take_outbox_turn();
  moment := clock_timestamp();
  WITH revived AS (DELETE FROM outbox_dead_letters d WHERE d.event_id = dead_event RETURNING d.*),
  pending AS (
    INSERT INTO outbox_deliveries (tenant_id, seq, event_id, aggregate, attempts, due_at)
    SELECT r.tenant_id, r.seq, r.event_id, aggregate_key(e.aggregate_type, e.aggregate_id), 0, moment
    FROM revived r JOIN outbox_events e ON e.tenant_id = r.tenant_id AND e.id = r.event_id RETURNING seq)
  SELECT min(seq) INTO lowest FROM pending;
  IF lowest IS NULL THEN
    PERFORM refuse_reference('outbox-event', dead_event);
  END IF;
  PERFORM note_outbox_delivery(lowest, moment);
END
$$;

-- Ends every lease that is out: the events wait again, and no token settles them any more [CAP-06]. Keys of aggregates are
-- computed again, because another machine may compute others.
CREATE FUNCTION void_outbox_leases() RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  newest outbox_leases;
  lease outbox_leases;
  moment timestamptz := clock_timestamp();
BEGIN
  FOR lease IN SELECT * FROM outbox_leases WHERE open > 0 FOR UPDATE LOOP
    PERFORM leave_outbox_lease(lease, NULL, moment);
  END LOOP;
  -- Numbers of transactions begin again where a dump is restored. What is visible and has a number that is running here, or
  -- to come, was appended in another cluster: it must not be taken for what its new bearer appends.
  SELECT * INTO STRICT newest FROM outbox_leases ORDER BY token DESC LIMIT 1;
  WITH elsewhere AS MATERIALIZED (
    SELECT e.tenant_id, e.id, e.seq, e.xid FROM outbox_events e
    WHERE e.seq > newest.late_floor AND (e.xid >= pg_snapshot_xmax(pg_current_snapshot())
      OR e.xid = ANY (ARRAY(SELECT pg_snapshot_xip(pg_current_snapshot()))))),
  late AS (
    INSERT INTO outbox_deliveries (tenant_id, seq, event_id, aggregate, attempts, due_at)
    SELECT tenant_id, seq, id, 0, 0, moment FROM elsewhere
    WHERE seq <= newest.position AND (xid = ANY (newest.late) OR (xid = ANY (newest.ended) AND seq > newest.ended_taken)))
  UPDATE outbox_events e SET xid = '0' FROM elsewhere w WHERE e.tenant_id = w.tenant_id AND e.id = w.id;
  UPDATE outbox_deliveries d SET token = NULL, due_at = CASE WHEN d.token IS NULL THEN d.due_at ELSE moment END,
    aggregate = aggregate_key(e.aggregate_type, e.aggregate_id)
  FROM outbox_events e WHERE e.tenant_id = d.tenant_id AND e.id = d.event_id;
  PERFORM note_outbox_delivery(min(seq), moment) FROM outbox_deliveries;
END
$$;

-- What transactions that have ended appended above one position and not above another: the first of it, in order.
CREATE FUNCTION late_outbox_events(xids xid8[], above bigint, upto bigint, look integer)
RETURNS TABLE (seq bigint, aggregate bigint) LANGUAGE sql STABLE
SET search_path FROM CURRENT AS $$
  WITH late AS MATERIALIZED (
    SELECT e.seq, aggregate_key(e.aggregate_type, e.aggregate_id) AS aggregate FROM outbox_events e
    WHERE e.xid = ANY (xids) AND e.seq > above AND e.seq <= upto)
  SELECT l.seq, l.aggregate FROM late l ORDER BY l.seq LIMIT look
$$;

-- The same for transactions that appended much: each is read in order, so that a claim reads its part only.
CREATE FUNCTION rest_of_late_outbox_events(xids xid8[], above bigint, upto bigint, look integer)
RETURNS TABLE (seq bigint, aggregate bigint) LANGUAGE sql STABLE
SET search_path FROM CURRENT AS $$
  SELECT l.seq, aggregate_key(l.aggregate_type, l.aggregate_id)
  FROM unnest(xids) AS x CROSS JOIN LATERAL (
    SELECT e.seq, e.aggregate_type, e.aggregate_id FROM outbox_events e
    WHERE e.xid = x AND e.seq > above AND e.seq <= upto ORDER BY e.seq LIMIT look) l
  ORDER BY l.seq LIMIT look
$$;

-- The aggregates of what a lease still holds.
CREATE FUNCTION open_outbox_aggregates(lease outbox_leases) RETURNS bigint[] LANGUAGE sql IMMUTABLE
RETURN CASE WHEN lease.open = cardinality(lease.seqs) THEN lease.aggregates ELSE ARRAY(
  SELECT held.aggregate FROM unnest(lease.aggregates) WITH ORDINALITY AS held (aggregate, place)
  WHERE get_bit(lease.settled, held.place::integer - 1) = 0) END;

-- How far the log has been taken: the newest claim. No scan of the table, also where the planner takes it for a small one:
-- it holds few rows, and where nothing is vacuumed many versions of them.
CREATE FUNCTION newest_outbox_claim() RETURNS outbox_leases LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT SET enable_seqscan = off AS $$
DECLARE
  newest outbox_leases;
BEGIN
  SELECT * INTO STRICT newest FROM outbox_leases ORDER BY token DESC LIMIT 1;
  RETURN newest;
END
$$;

-- The leases that hold events of the log.
CREATE FUNCTION open_outbox_leases() RETURNS SETOF outbox_leases LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT SET enable_seqscan = off AS $$
DECLARE
  newest outbox_leases := newest_outbox_claim();
BEGIN
  RETURN QUERY SELECT * FROM outbox_leases l WHERE l.token = ANY (newest.live || newest.token) AND l.open > 0;
END
$$;

-- Leases deliveries that are due, the longest due first, and what waits directly behind them. One that must not go yet waits
-- behind what keeps it back; one whose attempts are used up is buried.
CREATE FUNCTION take_due_outbox_deliveries(
  new_token bigint, batch integer, moment timestamptz, lease_end timestamptz, max_attempts integer,
  due_after timestamptz, lowest bigint, kept_back bigint[],
  -- The positions that were taken, the aggregates that now wait for a lease, and until when nothing is due any more.
  OUT taken bigint[], OUT waiting bigint[], OUT due_until timestamptz) LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  buried bigint[];
  parked bigint[];
  behind bigint[];
  followers bigint[];
  found_count integer;
BEGIN
  WITH spent AS (
    DELETE FROM outbox_deliveries d
    WHERE d.due_at > due_after AND d.due_at <= moment AND d.attempts >= max_attempts RETURNING d.*),
  letters AS (
    INSERT INTO outbox_dead_letters (tenant_id, seq, event_id, attempts, reason)
    SELECT tenant_id, seq, event_id, attempts, 'lease expired' FROM spent ORDER BY seq)
  SELECT array_agg(DISTINCT aggregate) INTO buried FROM spent;
  IF buried IS NOT NULL THEN
    PERFORM release_outbox_aggregates(buried, moment);
  END IF;

  WITH due AS MATERIALIZED (
    SELECT d.seq, d.aggregate, d.due_at FROM outbox_deliveries d
    WHERE d.due_at > due_after AND d.due_at <= moment ORDER BY d.due_at, d.seq LIMIT batch),
  judged AS MATERIALIZED (
    SELECT due.*, due.aggregate IN (SELECT unnest(kept_back)) AS is_leased,
      (SELECT true FROM outbox_deliveries b
        WHERE b.aggregate = due.aggregate AND b.seq >= lowest AND b.seq <> due.seq
          AND ((b.token IS NOT NULL AND b.due_at > moment)
            OR (b.seq < due.seq AND b.seq NOT IN (SELECT seq FROM due))) LIMIT 1) IS NOT NULL AS is_behind
    FROM due)
  SELECT count(*), max(due_at),
    coalesce(array_agg(seq) FILTER (WHERE NOT is_leased AND NOT is_behind), '{}'),
    coalesce(array_agg(seq) FILTER (WHERE is_leased OR is_behind), '{}'),
    coalesce(array_agg(DISTINCT aggregate) FILTER (WHERE is_leased), '{}'),
    coalesce(array_agg(DISTINCT aggregate) FILTER (WHERE is_behind AND NOT is_leased), '{}')
  INTO found_count, due_until, taken, parked, waiting, behind FROM judged;
  due_until := CASE WHEN found_count < batch THEN moment ELSE due_until - interval '1 microsecond' END;

  UPDATE outbox_deliveries SET due_at = NULL WHERE seq = ANY (parked);
  UPDATE outbox_deliveries SET token = new_token, attempts = attempts + 1, due_at = lease_end WHERE seq = ANY (taken);
  -- Somebody has to go first, where all wait for each other.
  PERFORM release_outbox_aggregates(array_agg(b), moment + interval '1 microsecond')
  FROM unnest(behind) AS b
  WHERE (
    SELECT true FROM outbox_deliveries d
    WHERE d.aggregate = b AND d.seq >= lowest AND d.due_at IS NOT NULL LIMIT 1) IS NULL
  HAVING count(*) > 0;

  IF cardinality(taken) < batch AND taken <> '{}' THEN
    WITH heads AS (SELECT DISTINCT aggregate FROM outbox_deliveries WHERE seq = ANY (taken)),
    next AS (
      SELECT f.seq FROM heads CROSS JOIN LATERAL (
        SELECT f.seq FROM outbox_deliveries f
        WHERE f.aggregate = heads.aggregate AND f.seq >= lowest AND f.due_at IS NULL
          AND (SELECT true FROM outbox_deliveries w
            WHERE w.aggregate = f.aggregate AND w.seq >= lowest AND w.seq < f.seq
              AND w.due_at IS NOT NULL AND w.token IS DISTINCT FROM new_token LIMIT 1) IS NULL
        ORDER BY f.seq LIMIT batch - cardinality(taken)) f
      ORDER BY f.seq LIMIT batch - cardinality(taken)),
    following AS (
      UPDATE outbox_deliveries SET token = new_token, attempts = attempts + 1, due_at = lease_end
      WHERE seq IN (SELECT seq FROM next) RETURNING seq)
    SELECT coalesce(array_agg(seq), '{}') INTO followers FROM following;
    taken := taken || followers;
  END IF;
END
$$;

-- Leases the next events to one consumer [OBX-02, OBX-04, OBX-05]. Returns a row about the lease: its token, its end, how many
-- events of the log it holds, and the attempts of the deliveries in it; then the events of these, in the order of their
-- hand-over. Those of the log follow them and are read by the next statement of the same transaction, straight from the log.
--
-- What is due among the deliveries goes first, then the log is followed. An event of the log whose aggregate is kept back
-- becomes a delivery that waits, so that it keeps nobody else back.
CREATE FUNCTION claim_outbox_events(for_consumer text, batch integer, lease_ms bigint, max_attempts integer)
RETURNS SETOF json LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  -- How many more events of the log are looked at when some of a batch are kept back.
  further CONSTANT integer := 1000;
  none CONSTANT bigint := 9223372036854775807;
  before outbox_leases;
  after outbox_leases;
  other outbox_leases;
  moment timestamptz;
  lease_end timestamptz;
  new_token bigint;
  own xid8;
  still_live bigint[] := '{}';
  lapsed bigint[] := '{}';
  emptied bigint[] := '{}';
  -- The aggregates of what others hold, and those whose events wait from now on.
  kept_back bigint[] := '{}';
  waiting bigint[] := '{}';
  lowest bigint;
  due_after timestamptz;
  due_taken bigint[] := '{}';
  -- What was found in the log, in the order in which it is taken: the rest of what was late, what is late now, what is new;
  -- and the places of what is kept back.
  look integer := batch;
  seen pg_snapshot;
  ended_now xid8[] := '{}';
  rest_count integer := 0;
  late_count integer := 0;
  found_seqs bigint[];
  found_aggregates bigint[];
  kept integer[];
  running xid8[] := '{}';
  restored xid8[] := '{}';
  room integer := batch;
  consumed integer := 0;
  taken bigint[] := '{}';
  taken_aggregates bigint[] := '{}';
  parked bigint[] := '{}';
  parked_aggregates bigint[] := '{}';
  is_picked boolean;
BEGIN
  IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
    RAISE EXCEPTION 'a claim is the first change of its transaction' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('user-engine outbox ' || current_schema(), 0));
  moment := clock_timestamp();
  SELECT * INTO STRICT before FROM outbox_leases ORDER BY token DESC LIMIT 1;
  IF before.open = 0 AND before.live = '{}' THEN
    emptied := ARRAY[before.token];
  ELSE
    FOR other IN SELECT * FROM outbox_leases WHERE token = ANY (before.live || before.token) LOOP
      IF other.open = 0 THEN
        emptied := emptied || other.token;
      ELSIF other.leased_until <= moment THEN
        lapsed := lapsed || other.token;
      ELSE
        still_live := still_live || other.token;
        kept_back := kept_back || open_outbox_aggregates(other);
      END IF;
    END LOOP;
  END IF;
  SELECT seq INTO lowest FROM outbox_deliveries WHERE seq >= before.lowest_delivery ORDER BY seq LIMIT 1;
  lowest := coalesce(lowest, none);
  -- A clock that went back makes the mark worthless.
  due_after := CASE WHEN before.nothing_due_until < moment THEN before.nothing_due_until ELSE '-infinity' END;

  -- Nothing has been written so far, and so this transaction has no id yet: the one that it draws after the snapshot of this
  -- look is above every one that was given out before.
  LOOP
    IF before.late = '{}' AND before.ended = '{}' THEN
      SELECT pg_current_snapshot(), coalesce(array_agg(e.seq), '{}'), coalesce(array_agg(e.aggregate), '{}')
      INTO seen, found_seqs, found_aggregates
      FROM (
        SELECT seq, aggregate_key(aggregate_type, aggregate_id) AS aggregate FROM outbox_events
        WHERE seq > before.position ORDER BY seq LIMIT look) e;
    ELSE
      WITH now AS MATERIALIZED (
        SELECT pg_current_snapshot() AS snapshot, ARRAY(
          SELECT x FROM unnest(before.late) AS x WHERE pg_visible_in_snapshot(x, pg_current_snapshot())) AS ended),
      rest AS MATERIALIZED (
        SELECT * FROM rest_of_late_outbox_events(before.ended, before.ended_taken, before.position, look)),
      late AS MATERIALIZED (
        SELECT l.* FROM now CROSS JOIN LATERAL late_outbox_events(
          now.ended, before.late_floor, before.position, look - (SELECT count(*)::integer FROM rest)) l
        WHERE now.ended <> '{}'),
      found AS (
        SELECT 0 AS part, seq, aggregate FROM rest
        UNION ALL
        SELECT 1, seq, aggregate FROM late
        UNION ALL
        (SELECT 2, seq, aggregate_key(aggregate_type, aggregate_id) FROM outbox_events WHERE seq > before.position
          ORDER BY seq LIMIT look - (SELECT count(*) FROM rest) - (SELECT count(*) FROM late)))
      SELECT (SELECT snapshot FROM now), (SELECT now.ended FROM now),
        count(*) FILTER (WHERE part = 0), count(*) FILTER (WHERE part < 2),
        coalesce(array_agg(seq ORDER BY part, seq), '{}'), coalesce(array_agg(aggregate ORDER BY part, seq), '{}')
      INTO seen, ended_now, rest_count, late_count, found_seqs, found_aggregates FROM found;
    END IF;
    kept := '{}';
    EXIT WHEN kept_back = '{}' AND lowest = none OR found_seqs = '{}';
    kept := ARRAY(
      SELECT f.place::integer FROM unnest(found_aggregates) WITH ORDINALITY AS f (aggregate, place)
      WHERE f.aggregate IN (SELECT unnest(kept_back)) OR lowest <> none AND (
        SELECT true FROM outbox_deliveries d WHERE d.aggregate = f.aggregate AND d.seq >= lowest LIMIT 1));
    EXIT WHEN look > batch OR cardinality(found_seqs) < batch OR kept = '{}';
    look := batch + further;
  END LOOP;

  -- In two steps: the first needs no query.
  IF found_seqs = '{}' AND lapsed = '{}' AND lowest = before.lowest_delivery AND before.ended = '{}' AND ended_now = '{}' THEN
    IF (SELECT true FROM unnest(before.late) AS x WHERE x >= pg_snapshot_xmax(seen) LIMIT 1) IS NULL
      AND (lowest = none OR (SELECT true FROM outbox_deliveries d
        WHERE d.due_at > due_after AND d.due_at <= moment LIMIT 1) IS NULL)
    THEN
      -- Nothing to hand over and nothing to remember.
      RETURN NEXT json_build_object('token', nextval('outbox_tokens'),
        'expiresAt', moment + lease_ms * interval '1 millisecond', 'open', 0, 'attempts', '[]'::json);
      RETURN;
    END IF;
  END IF;

  own := pg_current_xact_id();
  new_token := nextval('outbox_tokens');
  lease_end := moment + lease_ms * interval '1 millisecond';
  after := before;
  IF lapsed <> '{}' THEN
    -- Under their locks: one may have been extended or emptied meanwhile.
    FOR other IN SELECT * FROM outbox_leases WHERE token = ANY (lapsed) FOR UPDATE LOOP
      IF other.open = 0 THEN
        emptied := emptied || other.token;
      ELSIF other.leased_until <= moment THEN
        PERFORM leave_outbox_lease(other, NULL, moment);
        emptied := emptied || other.token;
      ELSE
        still_live := still_live || other.token;
        kept_back := kept_back || open_outbox_aggregates(other);
      END IF;
    END LOOP;
    SELECT lowest_delivery, least(due_after, nothing_due_until) INTO lowest, due_after
    FROM outbox_leases WHERE token = before.token;
  END IF;

  IF lowest = none THEN
    due_after := moment;
  ELSE
    SELECT d.taken, d.waiting, d.due_until INTO due_taken, waiting, due_after FROM take_due_outbox_deliveries(
      new_token, batch, moment, lease_end, max_attempts, due_after, lowest, kept_back) d;
    room := batch - cardinality(due_taken);
  END IF;
  IF lowest <> none OR lapsed <> '{}' THEN
    kept := ARRAY(
      SELECT f.place::integer FROM unnest(found_aggregates) WITH ORDINALITY AS f (aggregate, place)
      WHERE f.aggregate IN (SELECT unnest(kept_back)) OR lowest <> none AND (
        SELECT true FROM outbox_deliveries d WHERE d.aggregate = f.aggregate AND d.seq >= lowest
          AND d.token IS DISTINCT FROM new_token LIMIT 1));
  END IF;

  IF before.late <> '{}' THEN
    -- Numbers of transactions begin again where a dump is restored: one that has not been given out yet was another's, and
    -- ended with the cluster it ran in. What it left is taken before the position moves on.
    restored := ARRAY(SELECT x FROM unnest(before.late) AS x WHERE x >= own);
    IF restored <> '{}' THEN
      found_seqs := found_seqs[1:late_count];
      found_aggregates := found_aggregates[1:late_count];
      kept := ARRAY(SELECT place FROM unnest(kept) AS place WHERE place <= late_count);
    END IF;
  END IF;

  IF room > 0 AND kept = '{}' THEN
    taken := found_seqs[1:room];
    taken_aggregates := found_aggregates[1:room];
    consumed := cardinality(taken);
  ELSIF room > 0 THEN
    WITH judged AS (
      SELECT f.*, f.place = ANY (kept) AS is_kept
      FROM unnest(found_seqs, found_aggregates) WITH ORDINALITY AS f (seq, aggregate, place)),
    counted AS (
      SELECT *, count(*) FILTER (WHERE NOT is_kept) OVER (ORDER BY place) AS so_far FROM judged)
    SELECT count(*),
      coalesce(array_agg(seq ORDER BY place) FILTER (WHERE NOT is_kept), '{}'),
      coalesce(array_agg(aggregate ORDER BY place) FILTER (WHERE NOT is_kept), '{}'),
      coalesce(array_agg(seq ORDER BY seq) FILTER (WHERE is_kept), '{}'),
      coalesce(array_agg(aggregate ORDER BY seq) FILTER (WHERE is_kept), '{}')
    INTO consumed, taken, taken_aggregates, parked, parked_aggregates
    FROM counted WHERE so_far < room OR so_far = room AND NOT is_kept;
    INSERT INTO outbox_deliveries (tenant_id, seq, event_id, aggregate, attempts)
    SELECT e.tenant_id, e.seq, e.id, p.aggregate, 0
    FROM unnest(parked, parked_aggregates) AS p (seq, aggregate) JOIN outbox_events e ON e.seq = p.seq;
    waiting := waiting || parked_aggregates;
  END IF;

  IF consumed > late_count THEN
    -- All that is late has been taken, and the position moves on. What may still appear below it:
    running := coalesce(string_to_array(nullif(split_part(seen::text, ':', 3), ''), ','), '{}')::xid8[];
    IF pg_snapshot_xmax(seen) < own THEN
      running := running || ARRAY(
        SELECT x::text::xid8 FROM generate_series(pg_snapshot_xmax(seen)::text::bigint, own::text::bigint - 1) AS x);
    END IF;
    after.late_floor := CASE WHEN before.late && running THEN before.late_floor ELSE before.position END;
    after.late := running;
    after.ended := '{}';
    after.position := found_seqs[consumed];
  ELSIF consumed < rest_count OR rest_count = look THEN
    IF consumed > 0 THEN
      after.ended_taken := found_seqs[consumed];
    END IF;
  ELSE
    after.late := ARRAY(SELECT x FROM unnest(before.late) AS x WHERE x <> ALL (ended_now));
    IF consumed < late_count OR late_count = look THEN
      after.ended := ended_now;
      after.ended_taken := CASE WHEN consumed > rest_count THEN found_seqs[consumed] ELSE before.late_floor END;
    ELSE
      after.late := ARRAY(SELECT x FROM unnest(after.late) AS x WHERE x <> ALL (restored));
      after.ended := restored;
      after.ended_taken := before.late_floor;
    END IF;
  END IF;
  -- Whether there is anything between the first and the last of them that was visible and is not among them.
  is_picked := late_count > 0 OR parked <> '{}';
  IF late_count > 0 THEN
    SELECT coalesce(array_agg(t.seq ORDER BY t.seq), '{}'), coalesce(array_agg(t.aggregate ORDER BY t.seq), '{}')
    INTO taken, taken_aggregates FROM unnest(taken, taken_aggregates) AS t (seq, aggregate);
  END IF;

  IF emptied = ARRAY[before.token] THEN
    -- The only row that is not needed any more becomes the new one.
    UPDATE outbox_leases SET
      token = new_token, consumer = for_consumer, leased_until = lease_end, seqs = taken, aggregates = taken_aggregates,
      settled = repeat('0', cardinality(taken))::bit varying, open = cardinality(taken), followed = false, picked = is_picked,
      position = after.position, late = after.late, late_floor = after.late_floor,
      ended = after.ended, ended_taken = after.ended_taken, live = still_live,
      lowest_delivery = least(lowest, parked[1]), nothing_due_until = due_after
    WHERE token = before.token;
  ELSE
    INSERT INTO outbox_leases (token, consumer, leased_until, seqs, aggregates, settled, open, followed, picked,
      position, late, late_floor, ended, ended_taken, live, lowest_delivery, nothing_due_until)
    VALUES (new_token, for_consumer, lease_end, taken, taken_aggregates,
      repeat('0', cardinality(taken))::bit varying, cardinality(taken), false, is_picked,
      after.position, after.late, after.late_floor, after.ended, after.ended_taken, still_live,
      least(lowest, parked[1]), due_after);
    DELETE FROM outbox_leases WHERE token = ANY (emptied);
  END IF;

  IF waiting <> '{}' THEN
    -- Whoever settles an event that others wait behind has to know of them. What was settled before it was said is over.
    waiting := ARRAY(SELECT DISTINCT unnest(waiting));
    lowest := least(lowest, parked[1]);
    kept_back := '{}';
    FOR other IN
      UPDATE outbox_leases SET followed = true WHERE token = ANY (still_live) AND aggregates && waiting RETURNING *
    LOOP
      kept_back := kept_back || open_outbox_aggregates(other);
    END LOOP;
    PERFORM release_outbox_aggregates(array_agg(w), greatest(clock_timestamp(), moment + interval '1 microsecond'))
    FROM unnest(waiting) AS w
    WHERE (w IN (SELECT unnest(kept_back))) IS NOT TRUE AND (
      SELECT true FROM outbox_deliveries d
      WHERE d.aggregate = w AND d.seq >= lowest AND d.due_at IS NOT NULL LIMIT 1) IS NULL
    HAVING count(*) > 0;
  END IF;

  RETURN NEXT json_build_object('token', new_token, 'expiresAt', lease_end, 'open', cardinality(taken), 'attempts',
    CASE WHEN due_taken = '{}' THEN '[]' ELSE (
      SELECT json_agg(d.attempts ORDER BY d.seq) FROM outbox_deliveries d WHERE d.seq = ANY (due_taken)) END);
  IF due_taken <> '{}' THEN
    RETURN QUERY
      SELECT e.event FROM outbox_deliveries d JOIN outbox_events e ON e.tenant_id = d.tenant_id AND e.id = d.event_id
      WHERE d.seq = ANY (due_taken) ORDER BY d.seq;
  END IF;
END
$$;
