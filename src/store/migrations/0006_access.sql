-- Users, sessions, API tokens, the one-time link of the first admin, and the audit. Lists are JSON arrays; `bots` null: all bots.
create table users (
    name text primary key not null,
    role text not null,
    bots text,
    -- argon2id, as a PHC string
    password text not null,
    disabled integer not null default 0,
    created_us integer not null,
    changed_us integer not null
) without rowid;

-- `hash`: SHA-256 of the secret that the browser holds.
create table sessions (
    hash text primary key not null,
    user text not null,
    created_us integer not null,
    seen_us integer not null
) without rowid;
create index sessions_by_user on sessions (user);

create table tokens (
    id text primary key not null,
    hash text not null unique,
    name text not null,
    owner text not null,
    rights text not null,
    bots text,
    created_us integer not null,
    expires_us integer not null
) without rowid;

-- One row at most.
create table welcome (
    only integer primary key not null check (only = 1),
    hash text not null,
    expires_us integer not null
);

-- `hash` is SHA-256 over the previous record's hash and this record. Records are added and never changed.
create table audit (
    seq integer primary key not null,
    at_us integer not null,
    name text not null,
    kind text not null,
    action text not null,
    call text,
    detail text not null,
    previous text not null,
    hash text not null
);
create index audit_by_call on audit (call) where call is not null;
create trigger audit_is_never_changed before update on audit begin
    select raise(abort, 'the audit is append-only');
end;
create trigger audit_is_never_shortened before delete on audit begin
    select raise(abort, 'the audit is append-only');
end;

-- The last record's number and hash: without it a removed end would not show.
create table audit_head (
    only integer primary key not null check (only = 1),
    seq integer not null,
    hash text not null
);
