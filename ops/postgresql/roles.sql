-- Two roles for a bridge: one owns the tables and changes them at an upgrade, one works with them and can do no more.
-- As a superuser, once:
--     createdb bridge
--     psql --dbname=bridge --file=roles.sql
-- Then give each its password, as `\password bridge_owner` and `\password bridge_app` do in psql.
CREATE ROLE bridge_owner LOGIN;
CREATE ROLE bridge_app LOGIN;

-- A name is looked for in this schema alone, and nobody else may put anything into it.
CREATE SCHEMA bridge AUTHORIZATION bridge_owner;
ALTER ROLE bridge_owner SET search_path = bridge;
ALTER ROLE bridge_app SET search_path = bridge;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO bridge_owner, bridge_app', current_database());
END $$;

-- What `bridge migrate` makes, as bridge_owner, can be read and written by bridge_app; tables stay as they are.
GRANT USAGE ON SCHEMA bridge TO bridge_app;
ALTER DEFAULT PRIVILEGES FOR ROLE bridge_owner IN SCHEMA bridge
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO bridge_app;
ALTER DEFAULT PRIVILEGES FOR ROLE bridge_owner IN SCHEMA bridge
    GRANT USAGE ON SEQUENCES TO bridge_app;
