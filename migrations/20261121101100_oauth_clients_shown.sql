-- The tenants' OAuth2 clients, as they are now; revoked ones stay.
create table oauth_clients (
    tenant_id uuid not null,
    id uuid not null,
    name text not null,
    kind text not null check (kind in ('confidential', 'public')),
    grant_types jsonb not null,
    redirect_uris jsonb not null,
    scopes text not null, -- words, with a space between them
    created_by jsonb not null,
    created_at timestamptz not null,
    rotated_at timestamptz,
    revoked_at timestamptz,
    revocation_reason text,
    primary key (tenant_id, id)
);

create index oauth_clients_newest on oauth_clients (tenant_id, created_at, id);

alter table oauth_clients enable row level security;
create policy own_tenant on oauth_clients for select to heliograph_reader
    using (tenant_id = current_tenant());
grant select on oauth_clients to heliograph_reader;
