-- The epochs that the user and their tenant were in when they consented: a code is good in no other. Codes from before
-- this are of the first epoch, or good for nothing; they lived for a minute anyway.
alter table authorization_codes
    add column user_epoch bigint not null default 0,
    add column tenant_epoch bigint not null default 0;
