-- As a PHP application's migrations leave it: a prefix, bigint keys, times to the second without a zone, its own columns.
CREATE SCHEMA app;
CREATE TABLE app.adm_workspaces (
    id bigserial PRIMARY KEY,
    name varchar(255) NOT NULL,
    created_at timestamp(0) without time zone,
    updated_at timestamp(0) without time zone
);
CREATE TABLE app.adm_tenants (
    id bigserial PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES app.adm_workspaces (id),
    name varchar(255) NOT NULL,
    external_id uuid NOT NULL DEFAULT gen_random_uuid(),
    context jsonb NOT NULL DEFAULT '{}',
    created_at timestamp(0) without time zone,
    updated_at timestamp(0) without time zone
);
CREATE TABLE app.adm_platform_users (
    id bigserial PRIMARY KEY,
    name varchar(255) NOT NULL,
    email varchar(255) NOT NULL UNIQUE,
    password varchar(255) NOT NULL DEFAULT '',
    capabilities jsonb NOT NULL DEFAULT '[]',
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamp(0) without time zone,
    updated_at timestamp(0) without time zone
);
CREATE TABLE app.adm_operation_runs (
    id bigserial PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES app.adm_workspaces (id),
    tenant_id bigint REFERENCES app.adm_tenants (id),
    user_id bigint,
    initiator_name varchar(255),
    type varchar(255) NOT NULL,
    status varchar(255) NOT NULL DEFAULT 'queued',
    outcome varchar(255) NOT NULL DEFAULT 'pending',
    identity_hash varchar(64) NOT NULL DEFAULT md5(random()::text),
    summary_counts jsonb NOT NULL DEFAULT '{}',
    context jsonb NOT NULL DEFAULT '{}',
    started_at timestamp(0) without time zone,
    completed_at timestamp(0) without time zone,
    created_at timestamp(0) without time zone,
    updated_at timestamp(0) without time zone
);
CREATE TABLE app.adm_audit_logs (
    id bigserial PRIMARY KEY,
    workspace_id bigint,
    tenant_id bigint,
    actor_id bigint,
    actor_name varchar(255),
    actor_email varchar(255),
    action varchar(255) NOT NULL,
    resource_type varchar(255) NOT NULL,
    resource_id bigint,
    status varchar(255) NOT NULL DEFAULT 'success',
    metadata jsonb NOT NULL DEFAULT '{}',
    channel varchar(32) NOT NULL DEFAULT 'web',
    recorded_at timestamp(0) without time zone NOT NULL,
    created_at timestamp(0) without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp(0) without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP
);
