-- The tenants' WhatsApp sessions, as they are now; a deleted one is gone.
create table sessions (
    tenant_id uuid not null,
    id uuid not null,
    name text not null,
    waha_session text not null,
    status text not null, -- WAHA's word; it adds words now and then, so they are not checked
    engine text,
    phone text,
    pending_action text,
    last_error text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (tenant_id, id)
);

create index sessions_newest on sessions (tenant_id, created_at, id);

alter table sessions enable row level security;
create policy own_tenant on sessions for select to heliograph_reader
    using (tenant_id = current_tenant());
grant select on sessions to heliograph_reader;
