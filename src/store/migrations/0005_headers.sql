-- Header fields that the call's trunk brought, by name, as a JSON object; null where there were none.
alter table calls add column headers text;
