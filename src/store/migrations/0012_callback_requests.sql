-- Callers whom a bot has promised a call back, also where the call ended otherwise.
create table callback_requests (
    call text primary key not null,
    -- When they want to be called; null: as soon as possible.
    due_us integer
) without rowid;
