-- What the session does with messages; why it is suspect, if it is; when it was last told so; and why it was last restarted
-- without anybody asking.
alter table sessions
    add column queue_mode text not null default 'run',
    add column suspicion text,
    add column suspected_at timestamptz,
    add column restart_cause text,
    add column restarted_at timestamptz;
