-- Who a user is at the provider by which they sign in. Of an invited user the issuer alone is known until the first sign-in. A user who signs in
-- by the provider alone has an empty password, which no password is.
alter table users add column issuer text;
alter table users add column subject text;
create unique index users_by_identity on users (issuer, subject) where subject is not null;
