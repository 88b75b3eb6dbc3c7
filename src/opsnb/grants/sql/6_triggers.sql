-- 6. Triggers, also where replication is the reason of a change.
CREATE OR REPLACE TRIGGER {{guard_trigger}} BEFORE INSERT OR DELETE OR UPDATE ON {{runs}} FOR EACH ROW EXECUTE FUNCTION {{gate}}.guard_run();
CREATE OR REPLACE TRIGGER {{audit_trigger}} AFTER INSERT OR UPDATE ON {{runs}} FOR EACH ROW EXECUTE FUNCTION {{gate}}.audit_run();
CREATE OR REPLACE TRIGGER {{users_trigger}} AFTER INSERT OR DELETE OR UPDATE OF capabilities, is_active, login OR TRUNCATE ON {{users}} FOR EACH STATEMENT EXECUTE FUNCTION {{gate}}.forget_plans();
ALTER TABLE {{users}} ENABLE ALWAYS TRIGGER {{users_trigger}};
ALTER TABLE {{runs}} ENABLE ALWAYS TRIGGER {{guard_trigger}}, ENABLE ALWAYS TRIGGER {{audit_trigger}};
