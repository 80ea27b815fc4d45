-- The subdomains that name a tenant where people sign in.
alter table tenants add column subdomains text[] not null default '{}';
