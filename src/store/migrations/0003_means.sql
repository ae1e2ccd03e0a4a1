-- How the caller gave a turn: voice, keys, text; null of anybody else, and of calls before this column.
alter table turns add column means text;
