-- Who made a token, where that was not its owner in a session: `token:ID`, or `admin.token:` and the digest of the word in that file.
alter table tokens add column maker text;

-- An owner's tokens are told apart by their names: the audit and seats know a token by these.
update tokens set name = substr(name, 1, 50) || ' ' || substr(id, -12) where exists
    (select 1 from tokens other where other.owner = tokens.owner and other.name = tokens.name and other.id < tokens.id);
create unique index tokens_by_name on tokens (owner, name);

-- `insert or replace` removes a row without a trigger for deletes: records are added at the end alone.
create trigger audit_grows_at_its_end before insert on audit
    when exists (select 1 from audit where seq >= new.seq) begin
    select raise(abort, 'the audit is append-only');
end;
create trigger audit_head_is_not_replaced before insert on audit_head
    when exists (select 1 from audit_head where seq > new.seq) begin
    select raise(abort, 'the audit is append-only');
end;
create trigger audit_head_is_not_set_back before update on audit_head when new.seq < old.seq begin
    select raise(abort, 'the audit is append-only');
end;
create trigger audit_head_is_not_removed before delete on audit_head begin
    select raise(abort, 'the audit is append-only');
end;
