-- The contract's tables, but every run must name its queue, for which there is no default.
ALTER TABLE operation_runs ADD COLUMN queue_name text;
UPDATE operation_runs SET queue_name = 'slow';
ALTER TABLE operation_runs ALTER queue_name SET NOT NULL;
