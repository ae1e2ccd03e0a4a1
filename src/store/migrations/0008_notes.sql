-- What people write of calls: notes, tags, and links by which others may read one call until they end.
create table notes (
    seq integer primary key,
    call text not null,
    at_us integer not null,
    by text not null,
    -- The moment of the call that it is about; null: the whole call.
    at_ms integer,
    text text not null
);
create index notes_by_call on notes (call, seq);

create table tags (
    call text not null,
    tag text not null,
    primary key (call, tag)
) without rowid;

-- `hash`: SHA-256 of the secret in the link. `rights`: what its maker could do with the call, as a JSON list of names.
create table shares (
    hash text primary key not null,
    call text not null,
    at_ms integer,
    by text not null,
    rights text not null,
    until_us integer not null
) without rowid;
create index shares_by_call on shares (call);

-- Who has opened a link.
create table share_readers (
    call text not null,
    reader text not null,
    hash text not null,
    primary key (call, reader, hash)
) without rowid;
