-- The delivery saga: until when WhatsApp lets a session write only to those who wrote to it, and who they are.
alter table delivery_sessions add column reach_out_locked_until timestamptz;

create table known_contacts (
    session_id uuid not null,
    chat_id text not null,
    primary key (session_id, chat_id)
);
