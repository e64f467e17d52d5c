package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/web"
)

const factorColumns = "f.id, f.org_id, f.user_id, f.kind, f.name, f.created_at, f.used_at, f.sealed, f.last_step, f.credential_id, f.credential"

// into are where a row of factorColumns goes.
func into(f *web.Factor, used **time.Time) []any {
	return []any{
		&f.ID, &f.Org, &f.User, &f.Kind, &f.Name, &f.CreatedAt, used, &f.Sealed, &f.LastStep, &f.CredentialID, &f.Credential,
	}
}

func scanFactor(row pgx.Row) (f web.Factor, err error) {
	var used *time.Time
	err = row.Scan(into(&f, &used)...)
	f.CreatedAt, f.UsedAt = f.CreatedAt.UTC(), utc(used)
	return f, err
}

// Factors are the factors of a user and the count of their unused codes.
func (s *Store) Factors(ctx context.Context, user hashyard.ID) (factors []web.Factor, codes int, err error) {
	err = s.db.AsSystem(ctx, signIn, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+factorColumns+" FROM factors f WHERE user_id = $1 ORDER BY id", user)
		if err != nil {
			return pg.Fail(err, "factors")
		}
		if factors, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (web.Factor, error) { return scanFactor(row) }); err != nil {
			return pg.Fail(err, "factors")
		}
		err = tx.Conn().QueryRow(ctx, "SELECT count(*) FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL", user).Scan(&codes)
		return pg.Fail(err, "recovery codes")
	})
	return factors, codes, err
}

// PasskeyUser finds a passkey of any organisation with its user.
func (s *Store) PasskeyUser(ctx context.Context, credential []byte) (f web.Factor, u web.User, err error) {
	err = s.db.AsSystem(ctx, signIn, func(ctx context.Context, tx *pg.Tx) error {
		var used *time.Time
		u, err = scanUser(tx.Conn().QueryRow(ctx, `
			SELECT u.id, u.org_id, u.email, u.name, u.roles, u.disabled, u.version, u.created_at, `+factorColumns+`
			FROM factors f JOIN users u ON u.id = f.user_id AND u.org_id = f.org_id WHERE f.credential_id = $1`, credential), into(&f, &used)...)
		f.CreatedAt, f.UsedAt = f.CreatedAt.UTC(), utc(used)
		return pg.Fail(err, "passkey")
	})
	return f, u, err
}

func factorRef(f hashyard.ID) hashyard.Ref { return hashyard.Ref{Kind: "factor", ID: f} }

// AddFactor ends the ceremony, stores the factor and renews the session.
func (s *Store) AddFactor(ctx context.Context, actor hashyard.Actor, ceremony [32]byte, f web.Factor, codes [][32]byte, r web.Renewal) error {
	// The ceremony belongs to no organisation: it ends first, and an enrolment
	// that fails after that begins again.
	if _, err := s.TakeCeremony(ctx, ceremony, r.At); err != nil {
		return hashyard.Conflict.Errorf("this enrolment has ended; begin again")
	}
	return s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		if err := insertFactor(ctx, tx, f); err != nil {
			return err
		}
		if len(codes) > 0 {
			if err := putCodes(ctx, tx, actor.Org, f.User, codes, r.At); err != nil {
				return err
			}
		}
		return renew(ctx, tx, actor, r)
	})
}

// SeedFactor stores a factor of a user who has none.
func (s *Store) SeedFactor(ctx context.Context, actor hashyard.Actor, f web.Factor) error {
	return s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		// Two processes that seed at once make one.
		if _, err := tx.Conn().Exec(ctx, "SELECT FROM users WHERE id = $1 FOR UPDATE", f.User); err != nil {
			return pg.Fail(err, "factor")
		}
		var have bool
		if err := tx.Conn().QueryRow(ctx, "SELECT EXISTS (SELECT FROM factors WHERE user_id = $1)", f.User).Scan(&have); err != nil || have {
			return pg.Fail(err, "factor")
		}
		return insertFactor(ctx, tx, f)
	})
}

func insertFactor(ctx context.Context, tx *pg.Tx, f web.Factor) error {
	_, err := tx.Conn().Exec(ctx, `
		INSERT INTO factors (id, org_id, user_id, kind, name, created_at, sealed, last_step, credential_id, credential)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		f.ID, f.Org, f.User, f.Kind, f.Name, f.CreatedAt, f.Sealed, f.LastStep, f.CredentialID, f.Credential)
	if err != nil {
		return pg.Fail(err, "factor %q", f.Name)
	}
	return tx.Audit(ctx, "factor.add", factorRef(f.ID), nil, f)
}

// renew gives the session its new token. One that ended meanwhile undoes what
// was shown: nobody would be signed in by it.
func renew(ctx context.Context, tx *pg.Tx, actor hashyard.Actor, r web.Renewal) error {
	if r.Session.IsZero() {
		return nil
	}
	var remote, agent string
	err := tx.Conn().QueryRow(ctx, `
		UPDATE sessions SET token_hash = $3, factor = $4, shown_at = $5, seen_at = greatest(seen_at, $5)
		WHERE id = $1 AND user_id = $2 RETURNING remote, agent`,
		r.Session, actor.User, r.Token[:], r.Kind, r.At).Scan(&remote, &agent)
	if err != nil {
		return pg.Fail(err, "session %s", r.Session)
	}
	command := "session.step-up"
	if r.First {
		command = opened // where it was opened from is familiar from now on
	}
	after := map[string]any{"remote": remote, "agent": agent, "factor": r.Kind}
	return tx.Audit(ctx, command, hashyard.Ref{Kind: "user", ID: actor.User}, nil, after)
}

// UseTOTP takes a step once: of two that come at once, one waits here and then
// finds it taken.
func (s *Store) UseTOTP(ctx context.Context, actor hashyard.Actor, factor hashyard.ID, step int64, r web.Renewal) error {
	return s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		tag, err := tx.Conn().Exec(ctx, `
			UPDATE factors SET last_step = $3, used_at = $4 WHERE id = $1 AND user_id = $2 AND kind = 'totp' AND last_step < $3`,
			factor, actor.User, step, r.At)
		if err != nil {
			return pg.Fail(err, "factor %s", factor)
		}
		if tag.RowsAffected() == 0 {
			return hashyard.Conflict.Errorf("factor %s: a code of this step was used already", factor)
		}
		return renew(ctx, tx, actor, r)
	})
}

// UseCode takes a recovery code once.
func (s *Store) UseCode(ctx context.Context, actor hashyard.Actor, code [32]byte, r web.Renewal) error {
	return s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		tag, err := tx.Conn().Exec(ctx, `
			UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL`, actor.User, code[:], r.At)
		if err != nil {
			return pg.Fail(err, "recovery code")
		}
		if tag.RowsAffected() == 0 {
			return hashyard.NotFound.Errorf("recovery code not found")
		}
		if err := tx.Audit(ctx, "recovery-code.use", hashyard.Ref{Kind: "user", ID: actor.User}, nil, nil); err != nil {
			return err
		}
		return renew(ctx, tx, actor, r)
	})
}

// UsePasskey stores what the passkey's answer changed in its record.
func (s *Store) UsePasskey(ctx context.Context, actor hashyard.Actor, f web.Factor, r web.Renewal) error {
	return s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		tag, err := tx.Conn().Exec(ctx, "UPDATE factors SET credential = $3, used_at = $4 WHERE id = $1 AND user_id = $2 AND kind = 'passkey'",
			f.ID, actor.User, f.Credential, r.At)
		if err != nil {
			return pg.Fail(err, "factor %s", f.ID)
		}
		if tag.RowsAffected() == 0 {
			return hashyard.NotFound.Errorf("factor %s not found", f.ID)
		}
		return renew(ctx, tx, actor, r)
	})
}

// RemoveFactor removes one of the actor's factors. Locking the user first makes
// the count hold until the end.
func (s *Store) RemoveFactor(ctx context.Context, actor hashyard.Actor, id hashyard.ID, may func(have int) error) error {
	return s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		c := tx.Conn()
		if _, err := c.Exec(ctx, "SELECT FROM users WHERE id = $1 FOR UPDATE", actor.User); err != nil {
			return pg.Fail(err, "factor %s", id)
		}
		f, err := scanFactor(c.QueryRow(ctx, "SELECT "+factorColumns+" FROM factors f WHERE id = $1 AND user_id = $2", id, actor.User))
		if err != nil {
			return pg.Fail(err, "factor %s", id)
		}
		var have int
		if err := c.QueryRow(ctx, "SELECT count(*) FROM factors WHERE user_id = $1", actor.User).Scan(&have); err != nil {
			return pg.Fail(err, "factor %s", id)
		}
		if err := may(have); err != nil {
			return err
		}
		if _, err := c.Exec(ctx, "DELETE FROM factors WHERE id = $1", id); err != nil {
			return pg.Fail(err, "factor %s", id)
		}
		if have == 1 {
			if _, err := c.Exec(ctx, "DELETE FROM recovery_codes WHERE user_id = $1", actor.User); err != nil {
				return pg.Fail(err, "recovery codes")
			}
		}
		return tx.Audit(ctx, "factor.remove", factorRef(id), f, nil)
	})
}

// ResetFactors removes everything that a user of the organisation can show.
func (s *Store) ResetFactors(ctx context.Context, actor hashyard.Actor, user hashyard.ID) error {
	return s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		u, err := scanUser(tx.Conn().QueryRow(ctx, "SELECT "+userColumns+" FROM users WHERE id = $1 FOR UPDATE", user))
		if err != nil {
			return pg.Fail(err, "user %s", user)
		}
		for _, table := range []string{"factors", "recovery_codes", "sessions"} {
			if _, err := tx.Conn().Exec(ctx, "DELETE FROM "+table+" WHERE user_id = $1", u.ID); err != nil {
				return pg.Fail(err, "%s of user %s", table, user)
			}
		}
		return tx.Audit(ctx, "factor.reset", hashyard.Ref{Kind: "user", ID: user}, nil, nil)
	})
}

// PutCodes replaces the user's recovery codes.
func (s *Store) PutCodes(ctx context.Context, actor hashyard.Actor, user hashyard.ID, codes [][32]byte, at time.Time) error {
	return s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		return putCodes(ctx, tx, actor.Org, user, codes, at)
	})
}

func putCodes(ctx context.Context, tx *pg.Tx, org, user hashyard.ID, codes [][32]byte, at time.Time) error {
	if _, err := tx.Conn().Exec(ctx, "DELETE FROM recovery_codes WHERE user_id = $1", user); err != nil {
		return pg.Fail(err, "recovery codes")
	}
	for _, c := range codes {
		_, err := tx.Conn().Exec(ctx, "INSERT INTO recovery_codes (user_id, code_hash, org_id, made_at) VALUES ($1, $2, $3, $4)", user, c[:], org, at)
		if err != nil {
			return pg.Fail(err, "recovery codes")
		}
	}
	return tx.Audit(ctx, "recovery-codes.put", hashyard.Ref{Kind: "user", ID: user}, nil, nil)
}

// PutCeremony begins a ceremony and forgets those that ended unanswered.
func (s *Store) PutCeremony(ctx context.Context, key [32]byte, data []byte, expires time.Time) error {
	return s.db.AsSystem(ctx, signIn, func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, `
			INSERT INTO ceremonies (key, data, expires_at) VALUES ($1, $2, $3)
			ON CONFLICT (key) DO UPDATE SET data = $2, expires_at = $3`, key[:], data, expires)
		if err != nil {
			return pg.Fail(err, "ceremony")
		}
		_, err = tx.Conn().Exec(ctx, `
			DELETE FROM ceremonies WHERE key IN (
				SELECT key FROM ceremonies WHERE expires_at < $1 ORDER BY expires_at LIMIT 20 FOR UPDATE SKIP LOCKED)`,
			expires.Add(-time.Hour))
		return pg.Fail(err, "ceremony")
	})
}

// Ceremony reads one that has not expired.
func (s *Store) Ceremony(ctx context.Context, key [32]byte, now time.Time) ([]byte, error) {
	return s.ceremony(ctx, "SELECT data FROM ceremonies WHERE key = $1 AND expires_at > $2", key, now)
}

// TakeCeremony reads and ends it: of two that come at once, one finds nothing.
func (s *Store) TakeCeremony(ctx context.Context, key [32]byte, now time.Time) ([]byte, error) {
	return s.ceremony(ctx, "DELETE FROM ceremonies WHERE key = $1 AND expires_at > $2 RETURNING data", key, now)
}

func (s *Store) ceremony(ctx context.Context, sql string, key [32]byte, now time.Time) (data []byte, err error) {
	err = s.db.AsSystem(ctx, signIn, func(ctx context.Context, tx *pg.Tx) error {
		return pg.Fail(tx.Conn().QueryRow(ctx, sql, key[:], now).Scan(&data), "ceremony")
	})
	return data, err
}
