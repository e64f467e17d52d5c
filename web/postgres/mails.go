package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/web/notify"
)

// The reasons of the system transactions of mail and of what it links to.
const (
	post   = "web.mail"
	joined = "web.join"
	resets = "web.reset"
)

var _ notify.Queue = (*Store)(nil)

// queueMail writes a mail into the transaction that gives reason for it. A key
// that is known is a mail that was written: added is false.
func queueMail(ctx context.Context, tx *pg.Tx, m notify.Sealed) (added bool, err error) {
	tag, err := tx.Conn().Exec(ctx, `
		INSERT INTO mails (id, org_id, key, recipient, subject, sealed) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT DO NOTHING`, m.ID, m.Org, m.Key, m.To, m.Subject, m.Box)
	if err != nil {
		return false, pg.Fail(err, "mail %s", m.ID)
	}
	return tag.RowsAffected() == 1, nil
}

// TakeMails leases due mails. One that is still "sending" after its lease was
// in the hands of a process that died: whether it left, nobody knows.
func (s *Store) TakeMails(ctx context.Context, lease time.Duration, n int) (mails []notify.Sealed, err error) {
	err = s.db.AsSystem(ctx, post, func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, `
			UPDATE mails SET state = 'unsure', ended_at = now(), sealed = NULL, last_error = 'the process that sent it ended meanwhile'
			WHERE id IN (SELECT id FROM mails WHERE state = 'sending' AND due_at <= now() LIMIT 100 FOR UPDATE SKIP LOCKED)`)
		if err != nil {
			return pg.Fail(err, "mails")
		}
		rows, err := tx.Conn().Query(ctx, `
			UPDATE mails SET state = 'sending', attempts = attempts + 1, due_at = now() + $1
			WHERE id IN (SELECT id FROM mails WHERE state = 'queued' AND due_at <= now()
			             ORDER BY due_at, id LIMIT $2 FOR UPDATE SKIP LOCKED)
			RETURNING id, org_id, key, recipient, subject, sealed, created_at, attempts`, lease, n)
		if err != nil {
			return pg.Fail(err, "mails")
		}
		mails, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (m notify.Sealed, err error) {
			err = row.Scan(&m.ID, &m.Org, &m.Key, &m.To, &m.Subject, &m.Box, &m.At, &m.Attempts)
			m.At = m.At.UTC()
			return m, err
		})
		return pg.Fail(err, "mails")
	})
	return mails, err
}

// EndMail closes a mail that was taken.
func (s *Store) EndMail(ctx context.Context, id hashyard.ID, o notify.Outcome, why string) error {
	return s.taken(ctx, id, "state = $2, ended_at = now(), sealed = NULL, last_error = left($3, 500)", string(o), why)
}

// RetryMail gives a mail back.
func (s *Store) RetryMail(ctx context.Context, id hashyard.ID, pause time.Duration, why string) error {
	return s.taken(ctx, id, "state = 'queued', due_at = now() + $2, last_error = left($3, 500)", pause, why)
}

func (s *Store) taken(ctx context.Context, id hashyard.ID, set string, args ...any) error {
	return s.db.AsSystem(ctx, post, func(ctx context.Context, tx *pg.Tx) error {
		tag, err := tx.Conn().Exec(ctx, "UPDATE mails SET "+set+" WHERE id = $1 AND state = 'sending'", append([]any{id}, args...)...)
		if err != nil {
			return pg.Fail(err, "mail %s", id)
		}
		if tag.RowsAffected() == 0 {
			return hashyard.Conflict.Errorf("mail %s is not being sent", id)
		}
		return nil
	})
}
