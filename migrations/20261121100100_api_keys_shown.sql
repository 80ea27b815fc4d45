-- The tenants' API keys, as they are now; revoked ones stay.
create table api_keys (
    tenant_id uuid not null,
    id uuid not null,
    name text not null,
    prefix text not null,
    scopes text not null, -- words, with a space between them
    expires_at timestamptz,
    rate_limit_per_minute integer,
    created_by jsonb not null,
    created_at timestamptz not null,
    rotated_at timestamptz,
    revoked_at timestamptz,
    revocation_reason text,
    primary key (tenant_id, id)
);

create index api_keys_newest on api_keys (tenant_id, created_at, id);

alter table api_keys enable row level security;
create policy own_tenant on api_keys for select to heliograph_reader
    using (tenant_id = current_tenant());
grant select on api_keys to heliograph_reader;
