-- 4. The guard: whoever is bound does one of three things to a run, or nothing.
CREATE OR REPLACE FUNCTION {{gate}}.triage_of(context jsonb, run_id bigint) RETURNS jsonb LANGUAGE plpgsql {{definer}} AS $$
DECLARE triage jsonb := coalesce(context -> 'triage', '{}');
BEGIN
  IF jsonb_typeof(context) IS DISTINCT FROM 'object' OR jsonb_typeof(triage) <> 'object' THEN
    RAISE check_violation USING MESSAGE = format(
      'The context of Operation #%s is not a JSON object that triage could be recorded in.', run_id);
  END IF;
  RETURN triage;
END $$;

CREATE OR REPLACE FUNCTION {{gate}}.retried(run {{runs}}, person {{users}}) RETURNS {{runs}} LANGUAGE plpgsql {{definer}} AS $$
DECLARE
  parent text := run.context::jsonb #>> '{triage,retry_of_run_id}';
  source {{runs}};
  live bigint;
  differs text;
BEGIN
  -- CASE keeps PostgreSQL from casting what is no number, and the comparison from a number beyond bigint.
  IF (CASE WHEN parent ~ '^[0-9]{1,19}$' THEN parent::numeric <= 9223372036854775807 END) THEN
    -- Locked, so that of two retries at once the second sees the first.
    SELECT * INTO source FROM {{runs}} r WHERE r.id = parent::bigint FOR UPDATE;
  END IF;
  IF source.id IS NULL THEN
    RAISE check_violation USING MESSAGE = 'An operation can be added only as the retry of one that exists.';
  END IF;
  SELECT r.id INTO live FROM {{runs}} r WHERE {{retry_of}} = source.id::text AND r.status IN ({{live}}) LIMIT 1;
  IF live IS NOT NULL THEN
    RAISE check_violation USING MESSAGE = format(
      'Operation #%s was already retried as Operation #%s, which is queued or running.', source.id, live);
  END IF;
  IF source.status IS DISTINCT FROM '{{completed}}' OR source.outcome IS DISTINCT FROM '{{failed}}' THEN
    RAISE check_violation USING MESSAGE = format(
      'Operation #%s is %s, %s: only one that completed and failed can be retried.', source.id, source.status, source.outcome);
  END IF;
  PERFORM {{gate}}.triage_of(source.context::jsonb, source.id);
  differs := concat_ws(', ',
    CASE WHEN run.workspace_id IS DISTINCT FROM source.workspace_id THEN 'workspace_id' END,
    CASE WHEN run.tenant_id IS DISTINCT FROM source.tenant_id THEN 'tenant_id' END,
    CASE WHEN run.type IS DISTINCT FROM source.type THEN 'type' END,
    CASE WHEN run.initiator_name IS DISTINCT FROM person.name THEN 'initiator_name' END,
    CASE WHEN run.status IS DISTINCT FROM '{{queued}}' THEN 'status' END,
    CASE WHEN run.outcome IS DISTINCT FROM '{{pending}}' THEN 'outcome' END,
    CASE WHEN run.started_at IS NOT NULL THEN 'started_at' END,
    CASE WHEN run.completed_at IS NOT NULL THEN 'completed_at' END,
    -- As text, since 1 and 1.0 are equal as JSON.
    CASE WHEN run.context::jsonb::text IS DISTINCT FROM ((source.context::jsonb - ARRAY[{{dropped_keys}}])
      || jsonb_build_object('triage', jsonb_build_object('retry_of_run_id', source.id)))::text THEN 'context' END);
  IF differs <> '' THEN
    RAISE check_violation USING MESSAGE = format(
      'A retry of Operation #%s must have its place, type and inputs, and be initiated by you; these differ: %s.', source.id, differs);
  END IF;
  run.created_at := clock_timestamp();
  RETURN run;
END $$;

CREATE OR REPLACE FUNCTION {{gate}}.canceled(old {{runs}}, new {{runs}}, person {{users}}) RETURNS {{runs}} LANGUAGE plpgsql {{definer}} AS $$
DECLARE at timestamptz := clock_timestamp();
BEGIN
  IF old.status NOT IN ({{live}}) OR (new.status, new.outcome) IS DISTINCT FROM ('{{completed}}', '{{failed}}') THEN
    RAISE check_violation USING MESSAGE = format(
      'Operation #%s is %s, %s: all that may become of it is that one queued or running is canceled, as completed and failed.', old.id, old.status, old.outcome);
  END IF;
  new.completed_at := at;
  new.context := {{gate}}.marked(old, new, 'cancel', {{gate}}.stamp(person, at));
  RETURN new;
END $$;

CREATE OR REPLACE FUNCTION {{gate}}.investigated(old {{runs}}, new {{runs}}, person {{users}}) RETURNS {{runs}} LANGUAGE plpgsql {{definer}} AS $$
DECLARE
  reason jsonb := new.context::jsonb #> '{triage,investigated,reason}';
  words text := reason #>> '{}';
BEGIN
  IF jsonb_typeof({{gate}}.triage_of(old.context::jsonb, old.id) -> 'investigated') = 'object' THEN
    RAISE check_violation USING MESSAGE = format('Operation #%s was already marked investigated.', old.id);
  END IF;
  IF jsonb_typeof(reason) IS DISTINCT FROM 'string' OR char_length(words) NOT BETWEEN {{shortest}} AND {{longest}}
     OR words ~ {{untrimmed}} OR words !~ {{shown}} THEN
    RAISE check_violation USING MESSAGE =
      'A reason is required, of {{shortest}} to {{longest}} characters without blanks around it.';
  END IF;
  IF new.completed_at IS DISTINCT FROM old.completed_at THEN
    RAISE check_violation USING MESSAGE = format('Operation #%s was not completed by marking it.', old.id);
  END IF;
  new.context := {{gate}}.marked(old, new, 'investigated',
    jsonb_build_object('reason', words) || {{gate}}.stamp(person, clock_timestamp()));
  RETURN new;
END $$;

CREATE OR REPLACE FUNCTION {{gate}}.marked(old {{runs}}, new {{runs}}, key text, mark jsonb) RETURNS jsonb LANGUAGE plpgsql {{definer}} AS $$
DECLARE
  was jsonb := old.context::jsonb;
  triage jsonb := {{gate}}.triage_of(was, old.id);
BEGIN
  IF (new.context::jsonb - 'triage')::text IS DISTINCT FROM (was - 'triage')::text
     OR ({{gate}}.triage_of(new.context::jsonb, old.id) - key)::text IS DISTINCT FROM (triage - key)::text THEN
    RAISE check_violation USING MESSAGE = format('Of the context of Operation #%s only triage.%s may change.', old.id, key);
  END IF;
  -- Who and when are not believed: they are written here.
  RETURN jsonb_set(was, '{triage}', triage || jsonb_build_object(key, mark));
END $$;

CREATE OR REPLACE FUNCTION {{gate}}.guard_run() RETURNS trigger LANGUAGE plpgsql {{definer}} AS $$
DECLARE
  person {{users}};
  allowed {{runs}};
BEGIN
  IF NOT {{gate}}.bound() THEN
    RETURN coalesce(NEW, OLD);
  END IF;
  person := {{gate}}.acting_user();
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    -- With an older snapshot the retry that was quicker would not be seen.
    RAISE check_violation USING MESSAGE = 'Act on operations in READ COMMITTED.';
  END IF;
  IF TG_OP = 'INSERT' THEN
    allowed := {{gate}}.retried(NEW, person);
  ELSIF TG_OP = 'DELETE' OR (NEW.id, NEW.workspace_id, NEW.tenant_id, NEW.initiator_name, NEW.type, NEW.created_at, NEW.started_at)
      IS DISTINCT FROM (OLD.id, OLD.workspace_id, OLD.tenant_id, OLD.initiator_name, OLD.type, OLD.created_at, OLD.started_at) THEN
    RAISE insufficient_privilege USING MESSAGE = format('Operation #%s may not be rewritten.', OLD.id);
  ELSIF (NEW.status, NEW.outcome) IS DISTINCT FROM (OLD.status, OLD.outcome) THEN
    allowed := {{gate}}.canceled(OLD, NEW, person);
  ELSE
    allowed := {{gate}}.investigated(OLD, NEW, person);
  END IF;
  -- By name: the columns of a partition may have another order, and a returned row is taken by position.
  NEW.context := allowed.context;
  NEW.created_at := allowed.created_at;
  NEW.completed_at := allowed.completed_at;
  RETURN NEW;
END $$;
