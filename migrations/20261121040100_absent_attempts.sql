-- An attempt may also end without having sent anything, as was seen by looking for it.
alter table message_attempts
    drop constraint message_attempts_outcome_check,
    add constraint message_attempts_outcome_check
        check (outcome in ('refused', 'unknown', 'sent', 'rejected', 'absent'));
