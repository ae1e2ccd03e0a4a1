-- Who has called a caller back who did not wait for a person: calls that ended with 'to be called back'.
create table callbacks_done (
    call text primary key not null,
    at_us integer not null,
    by text not null
) without rowid;

create index calls_to_call_back on calls (id) where reason = 'to be called back';
