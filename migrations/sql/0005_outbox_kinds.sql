-- +goose Up
-- A tenant's transaction appends events of its own doing only. What moves money
-- or says what a machine did is told by the house's own work: whoever gets hold
-- of the application's role still cannot announce a payment, a proof or a
-- release, and cannot speak in the name of another organisation.
DROP POLICY append ON outbox;
CREATE POLICY append ON outbox FOR INSERT TO hashyard_app WITH CHECK (
    kind <> ALL (ARRAY[
        'trade.matched', 'trade.funded', 'proof.started', 'session.opened', 'work.measured', 'hashrate.proven',
        'hashrate.refuted', 'held.released', 'earnings.settled', 'payout.sent', 'payout.confirmed', 'payout.refused',
        'order.placed', 'order.closed'])
    AND (orgs = '{}' OR nullif(current_setting('app.org', true), '')::uuid = ANY (orgs))
);

-- +goose Down
DROP POLICY append ON outbox;
CREATE POLICY append ON outbox FOR INSERT TO hashyard_app WITH CHECK (true);
