-- Since when a session that was paired asks for a new scan: it was logged out, here or on the phone.
alter table sessions add column logged_out_at timestamptz;
