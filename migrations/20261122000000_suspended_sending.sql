-- Tenants that are suspended, as the delivery saga knows them: what they are to send waits.
create table suspended_tenants (
    tenant_id uuid primary key
);
insert into suspended_tenants (tenant_id) select id from tenants where suspended_at is not null;
