-- Times: `_us` are microseconds since 1970 (UTC); `_ms` are milliseconds since the call's start.
create table calls (
    id text primary key not null,
    direction text not null,
    via text not null,
    from_party text not null,
    to_party text not null,
    bot text not null,
    language text not null,
    started_us integer not null,
    answered_us integer,
    ended_us integer,
    blame text,
    reason text,
    recording text
) without rowid;
create index calls_open on calls (id) where ended_us is null;
create index calls_by_end on calls (ended_us);

create table turns (
    call text not null,
    started_ms integer not null,
    speaker text not null,
    ended_ms integer not null,
    text text not null,
    heard text not null,
    interrupted integer not null,
    confidence real,
    primary key (call, started_ms, speaker)
) without rowid;

create table slots (
    call text not null,
    name text not null,
    value text not null,
    confirmed integer not null,
    primary key (call, name)
) without rowid;

create table silences (
    call text not null,
    started_ms integer not null,
    kind text not null,
    ended_ms integer not null,
    primary key (call, started_ms, kind)
) without rowid;

create table latencies (
    call text not null,
    turn integer not null,
    endpoint_ms integer not null,
    recognise_ms integer not null,
    think_ms integer not null,
    synthesise_ms integer not null,
    playout_ms integer not null,
    total_ms integer not null,
    primary key (call, turn)
) without rowid;

create table timeline (
    seq integer primary key,
    call text not null,
    at_us integer not null,
    at_ms integer not null,
    event text not null
);
create index timeline_by_call on timeline (call, seq);
