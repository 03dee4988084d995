alter table sessions drop column token_key;
