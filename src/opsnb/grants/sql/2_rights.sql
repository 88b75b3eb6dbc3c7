-- 2. Rights. First nobody but the owner has any; then a viewer reads the contract's columns, and an operator also
-- writes what a retry, a cancel and a mark consist of. Other roles keep what they were granted by name.
REVOKE ALL ON {{tables}} FROM PUBLIC, {{groups}};
{{reading}}
GRANT INSERT ({{retry_columns}}),
  UPDATE ({{changed_columns}}) ON {{runs}} TO {{operator}};
DO $$
DECLARE sequence text; counted text; part regclass;
BEGIN
  -- A partition that is named itself is asked for its own rights and rules, and has neither.
  FOR part IN SELECT p.relid FROM unnest(ARRAY[{{oids}}]) AS whole, pg_catalog.pg_partition_tree(whole) AS p WHERE p.level > 0 LOOP
    EXECUTE format('REVOKE ALL ON %s FROM PUBLIC, {{groups}}', part);
  END LOOP;
  FOREACH counted IN ARRAY ARRAY[{{table_words}}] LOOP
    sequence := pg_catalog.pg_get_serial_sequence(counted, 'id');
    CONTINUE WHEN sequence IS NULL;
    EXECUTE format('REVOKE ALL ON SEQUENCE %s FROM PUBLIC, {{groups}}', sequence);
    IF counted = '{{runs_word}}' THEN EXECUTE format('GRANT USAGE ON SEQUENCE %s TO {{operator}}', sequence); END IF;
  END LOOP;
END $$;
