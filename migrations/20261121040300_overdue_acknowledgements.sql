-- Since when a message that was sent is overdue to be acknowledged; null if it is not, or known to have arrived.
alter table messages add column ack_overdue_at timestamptz;
create or replace view searchable_messages as
    select * from messages
    where tenant_id = current_tenant();
