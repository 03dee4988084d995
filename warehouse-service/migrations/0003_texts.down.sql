-- Repaired texts stay as they are.
drop table text_repairs;
