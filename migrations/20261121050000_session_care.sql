-- The delivery saga: what a session does with messages (run, hold, drain), and why it is not trusted though it says that
-- it works; null while it is.
alter table delivery_sessions
    add column queue_mode text not null default 'run',
    add column suspicion text,
    -- Strangers it has written to, and on which day (UTC).
    add column first_contacts integer not null default 0,
    add column first_contacts_on date not null default 'epoch',
    -- Messages given to it in the minute of `served_at`, and in the minute before that.
    add column served_this_minute integer not null default 0,
    add column served_last_minute integer not null default 0;

-- The delivery saga: who is no stranger to a session: they wrote to it, or it wrote to them.
alter table known_contacts
    add column they_wrote boolean not null default true,
    -- When the session last wrote to them, or may have.
    add column written_at timestamptz;
alter table known_contacts alter column they_wrote drop default;
alter table known_contacts set (fillfactor = 80);

-- What a head's chat is to its session: 0 a stranger, 1 somebody it wrote to, 2 somebody who wrote to it.
alter table delivery_jobs add column acquaintance smallint not null default 0;
-- What a session may send that writes to no strangers.
create index delivery_jobs_to_known on delivery_jobs (session_id, due_at)
    where is_head and lease_owner is null and acquaintance > 0;
update delivery_jobs job set acquaintance = 2
    from known_contacts k where job.is_head and k.session_id = job.session_id and k.chat_id = job.chat_id;

-- Whether WhatsApp lets a session write only to those who wrote to it.
create function reach_is_locked(session delivery_sessions) returns boolean
language sql stable
return coalesce(session.reach_out_locked_until > now(), false);

-- To how many strangers a session may write now. None while WhatsApp has locked it for reaching out; else what the day's
-- budget leaves, messages under way counted; without a budget as many as it likes.
create function strangers_left(session delivery_sessions, budget integer) returns integer
language sql stable
return case
    when reach_is_locked(session) then 0
    when budget is null then 2147483647
    else greatest(0, budget
        - case when session.first_contacts_on = (now() at time zone 'utc')::date
            then session.first_contacts else 0 end
        - (select count(*) from delivery_jobs job
           where job.session_id = session.session_id and job.lease_owner is not null
             and job.acquaintance = 0)::integer)
end;

-- The webhook saga: messages in a row of a session that WhatsApp has not acknowledged in time.
create table overdue_streaks (
    session_id uuid primary key,
    tenant_id uuid not null,
    overdue integer not null
);
