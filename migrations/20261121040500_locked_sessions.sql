-- Until when WhatsApp lets the session write only to those who wrote to it; may be over.
alter table sessions add column reach_out_locked_until timestamptz;
