-- What happened to each message: its events, as stored and upcast, for those who ask how it came to be so.
create table message_history (
    tenant_id uuid not null,
    message_id uuid not null,
    version integer not null,
    event_type text not null,
    schema_version integer not null,
    occurred_at timestamptz not null,
    -- json, not jsonb: the text as written, which may hold the escape \u0000.
    data json not null,
    metadata json not null,
    position_first bigint not null,
    position_second bigint not null,
    primary key (tenant_id, message_id, version)
);

alter table message_history enable row level security;
create policy own_tenant on message_history for select to heliograph_reader
    using (tenant_id = current_tenant());
grant select on message_history to heliograph_reader;
