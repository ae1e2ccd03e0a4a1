-- What supervisors were alerted to. `turn` and `reason`: JSON.
create table alerts (
    id text primary key not null,
    call text not null,
    bot text not null,
    rule text not null,
    kind text not null,
    severity text not null,
    at_us integer not null,
    from_ms integer not null,
    to_ms integer not null,
    turn text,
    reason text not null,
    seen_by text,
    seen_us integer
) without rowid;
create index alerts_by_call on alerts (call);

-- Messages to webhooks, the queue and what came of each. `state`: waiting, delivered or failed.
create table deliveries (
    id text primary key not null,
    webhook text not null,
    event text not null,
    about text not null,
    body text not null,
    state text not null,
    tries integer not null default 0,
    created_us integer not null,
    next_us integer,
    status integer,
    why text,
    done_us integer
) without rowid;
create index deliveries_due on deliveries (next_us) where state = 'waiting';
create index deliveries_by_webhook on deliveries (webhook, id);
