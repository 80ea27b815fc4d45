-- The webhook saga: whose number a hidden id hides, as messages told it. A fold of the log.
create table contact_links (
    session_id uuid not null,
    lid text not null,
    phone text not null,
    primary key (session_id, lid)
);

create index contact_links_by_phone on contact_links (session_id, phone);
