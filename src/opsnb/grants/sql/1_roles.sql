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
