drop index if exists users_look;
