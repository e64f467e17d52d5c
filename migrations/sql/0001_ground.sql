-- The ground every table stands on: the two roles, the tenancy helpers, the
-- audit trail and the outbox.

-- +goose Up
-- +goose StatementBegin
DO $$
BEGIN
    -- NOINHERIT: the system role's policies apply only after SET LOCAL ROLE.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hashyard_app') THEN
        CREATE ROLE hashyard_app LOGIN NOINHERIT;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hashyard_system') THEN
        CREATE ROLE hashyard_system NOLOGIN NOINHERIT;
    END IF;
    IF NOT pg_has_role('hashyard_app', 'hashyard_system', 'MEMBER') THEN
        GRANT hashyard_system TO hashyard_app;
    END IF;
END $$;
-- +goose StatementEnd

GRANT USAGE ON SCHEMA public TO hashyard_app, hashyard_system;

-- The organisation of this transaction, or null: then no tenant row is seen.
-- +goose StatementBegin
CREATE FUNCTION hashyard_org() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT nullif(current_setting('app.org', true), '')::uuid
$$;
-- +goose StatementEnd

-- hashyard_guard forces row-level security and gives the system role its way.
-- +goose StatementBegin
CREATE FUNCTION hashyard_guard(t regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO hashyard_system', t);
    EXECUTE format('CREATE POLICY system_all ON %s TO hashyard_system USING (true) WITH CHECK (true)', t);
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION hashyard_tenant(t regclass, col text DEFAULT 'org_id') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hashyard_guard(t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO hashyard_app', t);
    EXECUTE format('CREATE POLICY tenant ON %s TO hashyard_app USING (%I = hashyard_org()) WITH CHECK (%I = hashyard_org())', t, col, col);
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION hashyard_two_party(t regclass, a text, b text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hashyard_guard(t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO hashyard_app', t);
    EXECUTE format('CREATE POLICY parties ON %s TO hashyard_app USING (hashyard_org() IN (%I, %I)) WITH CHECK (hashyard_org() IN (%I, %I))', t, a, b, a, b);
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION hashyard_shared(t regclass, col text DEFAULT 'orgs') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hashyard_guard(t);
    EXECUTE format('GRANT SELECT ON %s TO hashyard_app', t);
    EXECUTE format('CREATE POLICY shared ON %s FOR SELECT TO hashyard_app USING (hashyard_org() = ANY (%I))', t, col);
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION hashyard_public_read(t regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hashyard_guard(t);
    EXECUTE format('GRANT SELECT ON %s TO hashyard_app', t);
    EXECUTE format('CREATE POLICY everyone ON %s FOR SELECT TO hashyard_app USING (true)', t);
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION hashyard_system_only(t regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hashyard_guard(t);
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION hashyard_append_only(t regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %s FROM hashyard_app, hashyard_system', t);
END $$;
-- +goose StatementEnd

-- Who did what, with the state before and after, written in the command's own
-- transaction.
CREATE TABLE audit (
    id         uuid PRIMARY KEY,
    org_id     uuid,
    at         timestamptz NOT NULL DEFAULT now(),
    actor      jsonb NOT NULL,
    command    text NOT NULL,
    ref_kind   text NOT NULL,
    ref_id     uuid,
    before     jsonb,
    after      jsonb
);
CREATE INDEX audit_ref ON audit (ref_kind, ref_id, id);
CREATE INDEX audit_org ON audit (org_id, id);
SELECT hashyard_tenant('audit');
SELECT hashyard_append_only('audit');

-- Events on their way to their handlers; not_before is the scheduler.
CREATE TABLE outbox (
    id         uuid PRIMARY KEY,
    kind       text NOT NULL,
    ref_kind   text NOT NULL,
    ref_id     uuid,
    orgs       uuid[] NOT NULL DEFAULT '{}',
    units      uuid[] NOT NULL DEFAULT '{}',
    at         timestamptz NOT NULL,
    not_before timestamptz NOT NULL DEFAULT '-infinity',
    payload    jsonb NOT NULL,
    attempts   int NOT NULL DEFAULT 0,
    last_error text NOT NULL DEFAULT '',
    leased_to  timestamptz NOT NULL DEFAULT '-infinity',
    done_at    timestamptz
);
CREATE INDEX outbox_due ON outbox (not_before, id) WHERE done_at IS NULL;
SELECT hashyard_guard('outbox');
-- A tenant's transaction may append events, and see none.
GRANT INSERT ON outbox TO hashyard_app;
CREATE POLICY append ON outbox FOR INSERT TO hashyard_app WITH CHECK (true);

-- (event, handler) pairs that took effect.
CREATE TABLE handled (
    event_id uuid NOT NULL,
    handler  text NOT NULL,
    at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, handler)
);
SELECT hashyard_system_only('handled');

-- The marker: reset and tests refuse to touch a database without it.
CREATE TABLE hashyard_marker (made_at timestamptz NOT NULL DEFAULT now());
INSERT INTO hashyard_marker DEFAULT VALUES;
SELECT hashyard_public_read('hashyard_marker');

-- +goose Down
-- Forward only.
