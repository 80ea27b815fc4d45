-- The login sessions of users. Some ends are told of one session, some of all that a user or a tenant has: those count
-- up an epoch, and a session is over when it began in an earlier one.
create table login_sessions (
    tenant_id uuid not null,
    id uuid not null,
    user_id uuid not null,
    user_epoch integer not null,
    tenant_epoch integer not null,
    ip text,
    user_agent text,
    started_at timestamptz not null,
    refreshed_at timestamptz not null,
    revoked_at timestamptz,
    revocation_reason text,
    primary key (tenant_id, id)
);

create index login_sessions_of_user on login_sessions (tenant_id, user_id, started_at, id);

create table login_epochs (
    tenant_id uuid not null,
    owner_id uuid not null, -- the user, or the tenant itself
    epoch integer not null,
    began_at timestamptz not null,
    primary key (tenant_id, owner_id)
);

alter table login_sessions enable row level security;
create policy own_tenant on login_sessions for select to heliograph_reader
    using (tenant_id = current_tenant());
grant select on login_sessions to heliograph_reader;

alter table login_epochs enable row level security;
create policy own_tenant on login_epochs for select to heliograph_reader
    using (tenant_id = current_tenant());
grant select on login_epochs to heliograph_reader;
