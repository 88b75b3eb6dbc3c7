-- As another program writes SQLite: ISO 8601 with T and Z, affinities of all kinds, its own columns.
CREATE TABLE workspaces (id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR(255) NOT NULL, slug TEXT NOT NULL DEFAULT '');
CREATE TABLE tenants (id INTEGER PRIMARY KEY AUTOINCREMENT, workspace_id INT NOT NULL, name VARCHAR(255) NOT NULL);
CREATE TABLE platform_users (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR(255) NOT NULL, email VARCHAR(255) NOT NULL UNIQUE,
    capabilities JSON NOT NULL, is_active TINYINT(1) NOT NULL DEFAULT 1
);
CREATE TABLE operation_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, workspace_id INT NOT NULL, tenant_id INT, initiator_name VARCHAR(255),
    type VARCHAR(255) NOT NULL, status VARCHAR(32) NOT NULL, outcome VARCHAR(32) NOT NULL, context JSON NOT NULL,
    created_at DATETIME NOT NULL, started_at DATETIME, completed_at DATETIME, updated_at DATETIME,
    attempts INT NOT NULL DEFAULT 0, "order" INT NOT NULL DEFAULT 1
);
CREATE TABLE audit_logs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, workspace_id INT, tenant_id INT, actor_id INT, actor_name TEXT,
    actor_email TEXT, action TEXT NOT NULL, resource_type TEXT NOT NULL, resource_id INT, status TEXT NOT NULL,
    metadata JSON NOT NULL, recorded_at DATETIME NOT NULL, created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
