-- 7. Row security: whoever is bound and not active, or may not see operations, reads nothing; of platform users
-- everybody bound reads the one that is theirs. Where a table has rules for rows already, those hold as well.
DO $$
DECLARE guarded regclass; rule text;
BEGIN
  FOREACH guarded IN ARRAY ARRAY[{{table_words}}]::regclass[] LOOP
    rule := CASE guarded WHEN '{{users_word}}'::regclass THEN {{own_row}}
                         WHEN '{{runs_word}}'::regclass THEN {{reading_runs}} ELSE {{reading_rows}} END;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_policy WHERE polrelid = guarded AND polpermissive) THEN
      EXECUTE format('CREATE POLICY {{everybody}} ON %s USING (true) WITH CHECK (true)', guarded);
    END IF;
    EXECUTE format('DROP POLICY IF EXISTS {{active}} ON %s', guarded);
    EXECUTE format('CREATE POLICY {{active}} ON %s AS RESTRICTIVE USING (%s) WITH CHECK (%s)', guarded, rule, rule);
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', guarded);
  END LOOP;
END $$;
