-- The event log: the source of truth. Everything else in this database can be rebuilt from it.

-- One row per stream: its version, which is what an append's expectation is checked against. Locked by
-- the append that moves it, so two appends to one stream never both succeed.
create table streams (
    tenant_id uuid not null,
    category text not null,
    stream_id uuid not null,
    version integer not null,
    primary key (stream_id, category, tenant_id)
) with (fillfactor = 80); -- room for the version to be updated in place

create sequence event_position as bigint;

-- The events. `position` alone is no reading order: a number may be drawn early and committed late. Readers
-- go by (transaction_id, position), and only up to the oldest transaction that is still open: below it
-- nothing can appear any more, so nothing is ever skipped.
--
-- `data` is json, not jsonb: it keeps the text as written, and accepts the escape \u0000, which webhooks
-- may contain.
create table events (
    position bigint not null default nextval('event_position'),
    transaction_id xid8 not null default pg_current_xact_id(),
    tenant_id uuid not null,
    category text not null,
    stream_id uuid not null,
    version integer not null,
    event_id uuid not null,
    event_type text not null,
    schema_version smallint not null,
    data json not null,
    metadata json not null,
    recorded_at timestamptz not null default now()
) partition by range (recorded_at);

alter sequence event_position owned by events.position;

create index events_by_order on events (transaction_id, position);
create index events_by_stream on events (stream_id, version);

-- History is not edited. Retention drops whole partitions, which this does not hinder.
create function refuse_to_change_history() returns trigger language plpgsql as $$
begin
    raise exception 'the event log is append-only: % is not allowed', tg_op;
end
$$;

create trigger events_are_append_only
    before update or delete or truncate on events
    for each statement execute function refuse_to_change_history();

-- Each partition gets that trigger too: it can be named in a statement by itself.
--
-- A partition for this month and each of the next. There is no default partition: rows in one would stand in
-- the way of every partition made later, and of detaching any without a lock.
create function create_event_partitions(months_ahead integer) returns void language plpgsql as $$
declare
    month timestamptz;
    name text;
begin
    -- Several processes may find a partition missing at once.
    perform pg_advisory_xact_lock(hashtext('create_event_partitions'));
    for ahead in 0..months_ahead loop
        month := date_trunc('month', now() at time zone 'utc') at time zone 'utc';
        month := (month at time zone 'utc' + make_interval(months => ahead)) at time zone 'utc';
        name := 'events_' || to_char(month at time zone 'utc', 'YYYY_MM');
        if to_regclass(name) is null then
            execute format(
                'create table %I partition of events for values from (%L) to (%L)',
                name,
                month,
                (month at time zone 'utc' + interval '1 month') at time zone 'utc'
            );
            execute format(
                'create trigger events_are_append_only before update or delete or truncate on %I
                     for each statement execute function refuse_to_change_history()',
                name
            );
        end if;
    end loop;
end
$$;

select create_event_partitions(3);
