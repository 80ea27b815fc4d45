-- The installation's tenants, for those who run it.
create table tenants (
    id uuid primary key,
    name text not null,
    default_country text,
    created_at timestamptz not null
);
