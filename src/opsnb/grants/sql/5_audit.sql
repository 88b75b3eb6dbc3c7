-- 5. The audit is written by the database: nobody bound holds a right to write it.
CREATE OR REPLACE FUNCTION {{gate}}.write_audit(run {{runs}}, action text, status text, about jsonb, at timestamptz)
RETURNS void LANGUAGE plpgsql {{definer}} AS $$
DECLARE person {{users}};
BEGIN
  SELECT * INTO person FROM {{users}} u WHERE u.login = session_user::text;
  INSERT INTO {{audit}} (workspace_id, tenant_id, actor_id, actor_name, actor_email, action,
                         resource_type, resource_id, status, metadata, recorded_at)
  VALUES (run.workspace_id, run.tenant_id, person.id, coalesce(person.name, session_user::text), coalesce(person.email, ''), action,
          '{{resource}}', run.id, status,
          CASE WHEN run.status IS NULL THEN about
               ELSE jsonb_build_object('from', jsonb_build_object('status', run.status, 'outcome', run.outcome)) || about END, at);
END $$;

CREATE OR REPLACE FUNCTION {{gate}}.audit_run() RETURNS trigger LANGUAGE plpgsql {{definer}} AS $$
DECLARE source {{runs}};
BEGIN
  IF NOT {{gate}}.bound() THEN
    RETURN NULL;
  END IF;
  IF TG_OP = 'INSERT' THEN
    SELECT * INTO source FROM {{runs}} r WHERE r.id = (NEW.context::jsonb #>> '{triage,retry_of_run_id}')::bigint;
    PERFORM {{gate}}.write_audit(source, '{{retry}}', '{{success}}', jsonb_build_object('new_run_id', NEW.id), NEW.created_at);
  ELSIF NEW.status IS DISTINCT FROM OLD.status THEN
    PERFORM {{gate}}.write_audit(OLD, '{{cancel}}', '{{success}}',
      jsonb_build_object('to', jsonb_build_object('status', NEW.status, 'outcome', NEW.outcome)), NEW.completed_at);
  ELSE
    PERFORM {{gate}}.write_audit(OLD, '{{mark_investigated}}', '{{success}}',
      jsonb_build_object('reason', NEW.context::jsonb #> '{triage,investigated,reason}'),
      (NEW.context::jsonb #>> '{triage,investigated,at}')::timestamptz);
  END IF;
  RETURN NULL;
END $$;

-- What the console refused is put on record by whoever was refused, about nobody else and never as done.
CREATE OR REPLACE FUNCTION {{gate}}.record_refusal(run_id bigint, action text, status text, refusal text)
RETURNS void LANGUAGE plpgsql {{definer}} AS $$
DECLARE run {{runs}};
BEGIN
  IF NOT {{gate}}.bound() THEN
    RAISE insufficient_privilege USING MESSAGE = 'Only members of {{viewer}} are refused.';
  END IF;
  IF action IS NULL OR action NOT IN ({{actions}}) OR status IS NULL OR status NOT IN ({{refusals}})
     OR refusal IS NULL OR char_length(refusal) NOT BETWEEN 1 AND {{longest_refusal}} THEN
    RAISE check_violation USING MESSAGE = 'That is no refusal of an act.';
  END IF;
  IF {{gate}}.reads() AND NOT EXISTS (
      SELECT FROM pg_policy WHERE polrelid = '{{runs_word}}'::regclass AND polname NOT IN ('{{everybody}}', '{{active}}')) THEN
    SELECT * INTO run FROM {{runs}} r WHERE r.id = run_id;
    IF NOT FOUND THEN
      RETURN;
    END IF;
  ELSE
    -- Whoever may not see every run is told nothing about which numbers exist: the run is not looked at, so that
    -- transaction id, locks, statistics and time are the same for each number.
    run.id := run_id;
  END IF;
  PERFORM {{gate}}.write_audit(run, action, status, jsonb_build_object('refusal', refusal), clock_timestamp());
END $$;

DO $$
DECLARE own regprocedure;
BEGIN
  FOR own IN SELECT oid FROM pg_catalog.pg_proc
      WHERE pronamespace = '{{gate}}'::regnamespace AND proowner = current_user::regrole LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, {{groups}}', own);
  END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION {{gate}}.record_refusal(bigint, text, text, text) TO {{viewer}};
-- Row security asks these of everybody.
GRANT EXECUTE ON FUNCTION {{gate}}.bound(), {{gate}}.reads(), {{gate}}.reads_runs() TO PUBLIC;
