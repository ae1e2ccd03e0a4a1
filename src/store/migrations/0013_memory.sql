-- What bots remember of callers from one call to the next, by the caller's number, for the bots that share it. Each row goes with the
-- call that it is from, and at its own end.
create table memory (
    caller text not null,
    shared text not null,
    -- fact, promise, consent, language, pace
    kind text not null,
    name text not null,
    value text not null,
    call text not null,
    at_us integer not null,
    until_us integer not null,
    primary key (caller, shared, kind, name)
) without rowid;

create index memory_of_calls on memory (call);
create index memory_until on memory (until_us);
