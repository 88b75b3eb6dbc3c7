-- 6. Triggers, also where replication is the reason of a change.
CREATE OR REPLACE TRIGGER {{guard_trigger}} BEFORE INSERT OR DELETE OR UPDATE ON {{runs}} FOR EACH ROW EXECUTE FUNCTION {{gate}}.guard_run();
CREATE OR REPLACE TRIGGER {{audit_trigger}} AFTER INSERT OR UPDATE ON {{runs}} FOR EACH ROW EXECUTE FUNCTION {{gate}}.audit_run();
ALTER TABLE {{runs}} ENABLE ALWAYS TRIGGER {{guard_trigger}}, ENABLE ALWAYS TRIGGER {{audit_trigger}};
