-- Every decision about who may do what, for auditors. What belongs to no tenant is the installation's: tenant nought.
create table security_events (
    tenant_id uuid not null,
    id uuid not null,
    event_type text not null,
    user_id uuid, -- whom it is about
    subject_id uuid, -- the session, key, client or address it is about
    actor json not null,
    ip text,
    user_agent text,
    request_id text,
    data json not null,
    occurred_at timestamptz not null,
    primary key (tenant_id, id)
);

create index security_events_newest on security_events (tenant_id, occurred_at, id);
create index security_events_by_type on security_events (tenant_id, event_type, occurred_at, id);
create index security_events_by_user on security_events (tenant_id, user_id, occurred_at, id);
create index security_events_by_ip on security_events (tenant_id, ip, occurred_at, id);

alter table security_events enable row level security;
create policy own_tenant on security_events for select to heliograph_reader
    using (tenant_id = current_tenant());
grant select on security_events to heliograph_reader;
