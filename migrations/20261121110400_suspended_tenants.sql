-- Since when a tenant is suspended, if it is.
alter table tenants add column suspended_at timestamptz;
create index tenants_by_age on tenants (created_at, id);
