-- The WAHA server each session is on.
alter table sessions add column waha_server text not null default 'default';
