-- A tenant's sessions, for those who ask how its queues stand.
create index delivery_sessions_by_tenant on delivery_sessions (tenant_id);
