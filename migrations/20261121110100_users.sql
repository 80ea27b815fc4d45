-- The tenants' users, as they are now.
create table users (
    tenant_id uuid not null,
    id uuid not null,
    email text not null,
    role text not null,
    is_active boolean not null,
    is_verified boolean not null,
    has_second_factor boolean not null,
    is_locked boolean not null, -- may be over: see locked_until
    locked_until timestamptz, -- null and locked: until somebody unlocks them
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (tenant_id, id)
);

create index users_newest on users (tenant_id, created_at, id);

alter table users enable row level security;
create policy own_tenant on users for select to heliograph_reader
    using (tenant_id = current_tenant());
grant select on users to heliograph_reader;
