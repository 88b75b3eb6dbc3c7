-- 1. Group roles, once per server. Whoever may not create roles needs them to be there already.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{{viewer}}') THEN CREATE ROLE {{viewer}} NOLOGIN; END IF;
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{{operator}}') THEN CREATE ROLE {{operator}} NOLOGIN; END IF;
  IF NOT pg_catalog.pg_has_role('{{operator}}', '{{viewer}}', 'USAGE') THEN GRANT {{viewer}} TO {{operator}}; END IF;
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = '{{gate}}') THEN
    CREATE SCHEMA {{gate}}{{authorization}};
  END IF;
END $$;

-- The right to make objects here is taken from everybody who has it by default. A worker that needs temporary tables is
-- given it by name: GRANT TEMPORARY ON DATABASE ... TO ...
DO $$
BEGIN
  EXECUTE format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC, {{groups}}', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO {{viewer}}', current_database());
END $$;
REVOKE CREATE ON SCHEMA {{schemas}} FROM PUBLIC, {{groups}};
REVOKE ALL ON SCHEMA {{gate}} FROM PUBLIC, {{groups}};
GRANT USAGE ON SCHEMA {{schemas}}, {{gate}} TO {{viewer}};

-- CREATE RULE, CREATE TRIGGER and some others wait for their lock on a table before PostgreSQL asks for the right to
-- it, and everybody who reads or writes queues up behind them. An event trigger comes before that, and takes a superuser.
-- Its function belongs to the superuser and calls none of the owner's: it runs as whoever changes a definition.
DO $$
BEGIN
  IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    CREATE OR REPLACE FUNCTION {{refuse_ddl}}() RETURNS event_trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body${{refuse_ddl_body}}$body$;
    ALTER FUNCTION {{refuse_ddl}}() OWNER TO CURRENT_USER;
    REVOKE ALL ON FUNCTION {{refuse_ddl}}() FROM PUBLIC, {{groups}};
    DROP EVENT TRIGGER IF EXISTS {{ddl_trigger}};
    CREATE EVENT TRIGGER {{ddl_trigger}} ON ddl_command_start EXECUTE FUNCTION {{refuse_ddl}}();
    ALTER EVENT TRIGGER {{ddl_trigger}} ENABLE ALWAYS;
  ELSIF NOT EXISTS (SELECT FROM pg_catalog.pg_event_trigger WHERE evtname = '{{ddl_trigger}}') THEN
    RAISE WARNING 'Without a superuser there is no event trigger: any member of {{viewer}} can hold up all reading and writing of {{runs_word}}, by CREATE RULE for example.';
  END IF;
END $$;

{{set_role}}DO $$
DECLARE unmet text;
BEGIN
  IF (SELECT count(*) FROM pg_catalog.pg_class WHERE relowner = current_user::regrole
        AND oid = ANY (ARRAY[{{oids}}]::oid[])) < {{count}} THEN
    RAISE EXCEPTION 'Not all of {{names}} are owned by %: apply this as their owner, or print it with --owner.', current_user;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace
                 WHERE nspname = '{{gate}}' AND nspowner = current_user::regrole) THEN
    RAISE EXCEPTION 'The schema {{gate}} belongs to somebody else than %.', current_user;
  END IF;
  SELECT string_agg(violation, E'\n') INTO unmet FROM (
{{requirements}}) AS required (violation);
  IF unmet IS NOT NULL THEN
    RAISE EXCEPTION '%', unmet;
  END IF;
  IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    RAISE WARNING 'The tables belong to the superuser %: its functions then run as superuser.', current_user;
  END IF;
END $$;
