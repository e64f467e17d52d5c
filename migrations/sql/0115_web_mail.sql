-- Mail on its way, invitations to an organisation, and lost passwords.

-- +goose Up
-- A mail is queued by the transaction that gives reason for it, once a key.
-- Its text is sealed, for it holds links that open something, and goes away
-- when the mail has left. "unsure" is a mail whose handing over broke off
-- where nobody can tell whether it arrived: it is not sent again.
CREATE TABLE mails (
    id         uuid PRIMARY KEY,
    org_id     uuid,
    key        text NOT NULL UNIQUE,
    recipient  text NOT NULL,
    subject    text NOT NULL,
    sealed     bytea,
    state      text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'unsure')),
    created_at timestamptz NOT NULL DEFAULT now(),
    due_at     timestamptz NOT NULL DEFAULT now(),
    attempts   int NOT NULL DEFAULT 0,
    last_error text NOT NULL DEFAULT '',
    ended_at   timestamptz,
    CHECK ((state IN ('queued', 'sending')) = (ended_at IS NULL)),
    CHECK ((sealed IS NULL) = (ended_at IS NOT NULL))
);
CREATE INDEX mails_due ON mails (due_at, id) WHERE ended_at IS NULL;
SELECT hashyard_tenant('mails');
REVOKE SELECT, UPDATE, DELETE ON mails FROM hashyard_app;

CREATE TABLE invitations (
    id          uuid PRIMARY KEY,
    org_id      uuid NOT NULL REFERENCES orgs (id),
    email       text NOT NULL CHECK (email = lower(email)),
    roles       text[] NOT NULL CHECK (cardinality(roles) > 0),
    token_hash  bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    invited_by  uuid,
    created_at  timestamptz NOT NULL,
    sent_at     timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    sends       int NOT NULL DEFAULT 1,
    accepted_at timestamptz,
    accepted_by uuid REFERENCES users (id),
    revoked_at  timestamptz,
    CHECK (accepted_at IS NULL OR revoked_at IS NULL),
    CHECK ((accepted_at IS NULL) = (accepted_by IS NULL))
);
CREATE UNIQUE INDEX invitations_open ON invitations (org_id, email) WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invitations_org ON invitations (org_id, id);
SELECT hashyard_tenant('invitations');
REVOKE DELETE ON invitations FROM hashyard_app, hashyard_system;

CREATE TABLE password_resets (
    id         uuid PRIMARY KEY,
    org_id     uuid NOT NULL REFERENCES orgs (id),
    user_id    uuid NOT NULL REFERENCES users (id),
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz -- used, or replaced by a newer one
);
CREATE INDEX password_resets_user ON password_resets (user_id) WHERE ended_at IS NULL;
SELECT hashyard_tenant('password_resets');
REVOKE INSERT, UPDATE, DELETE ON password_resets FROM hashyard_app;

-- +goose Down
-- Forward only.
