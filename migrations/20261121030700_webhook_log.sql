-- Every webhook WAHA delivered, without its body: that is in the event log. It is the installation's, not the
-- tenants', so the reader role has no part in it.
create table webhook_log (
    tenant_id uuid not null,
    id uuid not null,
    waha_session text not null,
    session_id uuid,
    event text not null,
    event_id text not null,
    received_at timestamptz not null, -- the latest body's
    bytes bigint not null, -- the latest body's
    bodies integer not null, -- different ones that came under this identity; 1 as a rule
    repeats integer not null, -- deliveries of a body already known
    effect text, -- of the latest body, once processed
    processed_at timestamptz,
    primary key (tenant_id, id)
);

create index webhook_log_newest on webhook_log (received_at);
create index webhook_log_unprocessed on webhook_log (received_at) where processed_at is null;
