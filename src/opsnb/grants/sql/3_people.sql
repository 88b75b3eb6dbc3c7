-- 3. Who is asking. The login that PostgreSQL authenticated is session_user; nothing in a session can change it.
CREATE OR REPLACE FUNCTION {{gate}}.bound() RETURNS boolean LANGUAGE sql STABLE {{definer}} AS $$
  -- Owner, superusers and whoever is in neither group are not concerned.
  SELECT {{bound}}
$$;

CREATE OR REPLACE FUNCTION {{gate}}.reads() RETURNS boolean LANGUAGE sql STABLE {{definer}} AS $$
  SELECT NOT {{gate}}.bound() OR EXISTS (
    SELECT FROM {{users}} u
    WHERE u.login = session_user::text AND u.is_active AND to_jsonb(u.capabilities) @> '{{may_view}}')
$$;

-- IMMUTABLE is not true of this one, on purpose: the planner then asks it first, and a rule that is already known to hold
-- stays out of the plan, where it would keep every index on what triage wrote into contexts from being used. Its
-- answer changes with the platform users alone; whenever they do, plans that were made before are forgotten.
CREATE OR REPLACE FUNCTION {{gate}}.reads_runs() RETURNS boolean LANGUAGE sql IMMUTABLE {{definer}} AS $$
  SELECT {{gate}}.reads()
$$;

CREATE OR REPLACE FUNCTION {{gate}}.forget_plans() RETURNS trigger LANGUAGE plpgsql {{definer}} AS $$
BEGIN
  -- Sets what is set already, with a lock that holds up neither readers nor writers.
  EXECUTE format('ALTER TABLE ONLY {{runs}} ALTER id SET STATISTICS %s', (
    SELECT coalesce(attstattarget, -1) FROM pg_attribute WHERE attrelid = '{{runs_word}}'::regclass AND attname = 'id'));
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION {{gate}}.acting_user() RETURNS {{users}} LANGUAGE plpgsql {{definer}} AS $$
DECLARE person {{users}};
BEGIN
  SELECT * INTO person FROM {{users}} u
  WHERE u.login = session_user::text AND u.is_active AND to_jsonb(u.capabilities) @> '{{may_manage}}';
  IF NOT FOUND THEN
    RAISE insufficient_privilege USING MESSAGE = format(
      'The database login %s is not that of an active platform user with {{manage}}.', session_user);
  END IF;
  RETURN person;
END $$;

CREATE OR REPLACE FUNCTION {{gate}}.moment(at timestamptz) RETURNS text LANGUAGE sql STABLE {{definer}} AS $$
  SELECT replace(to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.US'), '.000000', '') || '+00:00'
$$;

CREATE OR REPLACE FUNCTION {{gate}}.stamp(person {{users}}, at timestamptz) RETURNS jsonb LANGUAGE sql STABLE {{definer}} AS $$
  SELECT jsonb_build_object('by', person.name, 'by_id', person.id, 'at', {{gate}}.moment(at))
$$;
