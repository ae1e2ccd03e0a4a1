-- How each line of a call went: JSON as in the API.
create table lines (
    call text not null,
    seat text not null,
    line text not null,
    primary key (call, seat)
) without rowid;
