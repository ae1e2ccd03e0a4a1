-- How much of the call is in its recording: no, part, whole. Of calls before this column it is not known that anything is missing.
alter table calls add column recorded text not null default 'no';
update calls set recorded = 'whole' where recording is not null;
