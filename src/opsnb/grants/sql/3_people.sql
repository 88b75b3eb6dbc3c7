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
