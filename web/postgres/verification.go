package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/web/verify"
)

var _ verify.Store = (*Store)(nil)

// The reason of the system transactions of verification.
const verification = "web.verification"

const subjectSelect = `
	SELECT o.id, o.name, o.house, coalesce(v.state, 'unverified'), coalesce(v.legal_name, ''), coalesce(v.country, ''),
	       coalesce(v.registration, ''), coalesce(v.owners, '[]'), v.submitted_at, v.decided_at, coalesce(v.reason, ''),
	       coalesce(v.version, 0), v.changed_at,
	       (SELECT count(*) FROM sanctions_hits h WHERE h.org_id = o.id AND h.cleared_at IS NULL)
	FROM orgs o LEFT JOIN verifications v ON v.org_id = o.id `

func scanSubject(row pgx.Row) (s verify.Subject, err error) {
	r := &s.Record
	var owners []byte
	var submitted, decided, changed *time.Time
	err = row.Scan(&r.Org, &s.Name, &s.House, &r.State, &r.Details.LegalName, &r.Details.Country, &r.Details.Registration,
		&owners, &submitted, &decided, &r.Reason, &r.Version, &changed, &s.Open)
	if err != nil {
		return s, err
	}
	r.SubmittedAt, r.DecidedAt, r.ChangedAt = utc(submitted), utc(decided), utc(changed)
	return s, json.Unmarshal(owners, &r.Details.Owners)
}

// Subject is one organisation.
func (s *Store) Subject(ctx context.Context, org hashyard.ID) (sub verify.Subject, err error) {
	err = s.db.AsSystem(ctx, verification, func(ctx context.Context, tx *pg.Tx) error {
		sub, err = scanSubject(tx.Conn().QueryRow(ctx, subjectSelect+"WHERE o.id = $1", org))
		return pg.Fail(err, "organisation %s", org)
	})
	return sub, err
}

// Subjects are all organisations, or those in a state.
func (s *Store) Subjects(ctx context.Context, state verify.State, after hashyard.ID, limit int) (subs []verify.Subject, err error) {
	err = s.db.AsSystem(ctx, verification, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, subjectSelect+`
			WHERE ($1 = '' OR coalesce(v.state, 'unverified') = $1 AND NOT o.house) AND ($2::uuid IS NULL OR o.id > $2)
			ORDER BY o.id LIMIT $3`, string(state), after, limit)
		if err != nil {
			return pg.Fail(err, "organisations")
		}
		subs, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (verify.Subject, error) { return scanSubject(row) })
		return pg.Fail(err, "organisations")
	})
	return subs, err
}

// ChangeVerification locks an organisation, lets rule decide and writes it.
func (s *Store) ChangeVerification(ctx context.Context, actor hashyard.Actor, org hashyard.ID, command string, rule func(verify.Subject, []verify.Hit) (*verify.Change, error)) (sub verify.Subject, err error) {
	reason := verification
	if actor.System != "" {
		reason = actor.System
	}
	err = s.db.AsSystemFor(ctx, actor, reason, func(ctx context.Context, tx *pg.Tx) error {
		c := tx.Conn()
		// The organisation's own row is the lock: there may be no other yet.
		if _, err := c.Exec(ctx, "SELECT FROM orgs WHERE id = $1 FOR NO KEY UPDATE", org); err != nil {
			return pg.Fail(err, "organisation %s", org)
		}
		if sub, err = scanSubject(c.QueryRow(ctx, subjectSelect+"WHERE o.id = $1", org)); err != nil {
			return pg.Fail(err, "organisation %s", org)
		}
		hits, err := hitsOf(ctx, tx, org)
		if err != nil {
			return err
		}
		before := sub.Record
		ch, err := rule(sub, hits)
		if err != nil || ch == nil {
			return err
		}
		sub.Record = ch.Record
		if err := putRecord(ctx, tx, ch.Record); err != nil {
			return err
		}
		if err := putHits(ctx, tx, actor, org, ch); err != nil {
			return err
		}
		if err := c.QueryRow(ctx, "SELECT count(*) FROM sanctions_hits WHERE org_id = $1 AND cleared_at IS NULL", org).Scan(&sub.Open); err != nil {
			return pg.Fail(err, "hits of %s", org)
		}
		if err := tx.Emit(ctx, ch.Events...); err != nil {
			return err
		}
		return tx.AuditFor(ctx, org, command, hashyard.Ref{Kind: "org", ID: org}, before, ch.Record)
	})
	return sub, err
}

func putRecord(ctx context.Context, tx *pg.Tx, r verify.Record) error {
	owners, err := json.Marshal(append([]verify.Owner{}, r.Details.Owners...))
	if err != nil {
		return err
	}
	_, err = tx.Conn().Exec(ctx, `
		INSERT INTO verifications (org_id, state, legal_name, country, registration, owners, submitted_at, decided_at, reason, version, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (org_id) DO UPDATE SET state = $2, legal_name = $3, country = $4, registration = $5, owners = $6,
			submitted_at = $7, decided_at = $8, reason = $9, version = $10, changed_at = $11`,
		r.Org, string(r.State), r.Details.LegalName, r.Details.Country, r.Details.Registration, owners,
		instant(r.SubmittedAt), instant(r.DecidedAt), r.Reason, r.Version, r.ChangedAt)
	return pg.Fail(err, "verification of %s", r.Org)
}

// putHits writes what was found and what was cleared. The audit rows of both
// are the house's: an organisation is not told what it is suspected of.
func putHits(ctx context.Context, tx *pg.Tx, actor hashyard.Actor, org hashyard.ID, ch *verify.Change) error {
	c := tx.Conn()
	for _, h := range ch.Found {
		_, err := c.Exec(ctx, `
			INSERT INTO sanctions_hits (id, org_id, subject, folded, list_id, ent_num, listed, rule, score_ppm, found_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			h.ID, org, h.Subject, h.Folded, h.List, h.EntNum, h.Listed, h.Rule, h.ScorePPM, h.FoundAt)
		if err != nil {
			return pg.Fail(err, "hit of %s", org)
		}
		if err := tx.AuditFor(ctx, hashyard.ID{}, "sanctions.hit", hashyard.Ref{Kind: "org", ID: org}, nil, h); err != nil {
			return err
		}
	}
	if ch.Clear == "" {
		return nil
	}
	tag, err := c.Exec(ctx, "UPDATE sanctions_hits SET cleared_at = $2, cleared_by = $3, reason = $4 WHERE org_id = $1 AND cleared_at IS NULL",
		org, ch.Record.ChangedAt, actor.User, ch.Clear)
	if err != nil {
		return pg.Fail(err, "hits of %s", org)
	}
	if tag.RowsAffected() == 0 {
		return nil
	}
	return tx.AuditFor(ctx, hashyard.ID{}, "sanctions.clear", hashyard.Ref{Kind: "org", ID: org}, nil,
		map[string]any{"hits": tag.RowsAffected(), "reason": ch.Clear})
}

// SanctionsHits are those of an organisation, newest first.
func (s *Store) SanctionsHits(ctx context.Context, org hashyard.ID) (hits []verify.Hit, err error) {
	err = s.db.AsSystem(ctx, verification, func(ctx context.Context, tx *pg.Tx) error {
		hits, err = hitsOf(ctx, tx, org)
		return err
	})
	return hits, err
}

func hitsOf(ctx context.Context, tx *pg.Tx, org hashyard.ID) ([]verify.Hit, error) {
	rows, err := tx.Conn().Query(ctx, `
		SELECT id, org_id, subject, folded, list_id, ent_num, listed, rule, score_ppm, found_at, cleared_at, cleared_by, reason
		FROM sanctions_hits WHERE org_id = $1 ORDER BY id DESC LIMIT 1000`, org)
	if err != nil {
		return nil, pg.Fail(err, "hits of %s", org)
	}
	hits, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (h verify.Hit, err error) {
		var cleared *time.Time
		err = row.Scan(&h.ID, &h.Org, &h.Subject, &h.Folded, &h.List, &h.EntNum, &h.Listed, &h.Rule, &h.ScorePPM, &h.FoundAt, &cleared, &h.ClearedBy, &h.Reason)
		h.FoundAt, h.ClearedAt = h.FoundAt.UTC(), utc(cleared)
		return h, err
	})
	return hits, pg.Fail(err, "hits of %s", org)
}

const listColumns = "id, source, dated, entries, imported_at, imported_by"

func scanList(row pgx.Row) (l verify.List, err error) {
	err = row.Scan(&l.ID, &l.Source, &l.Dated, &l.Entries, &l.ImportedAt, &l.ImportedBy)
	l.ImportedAt = l.ImportedAt.UTC()
	return l, err
}

// AddSanctionsList keeps a list, whole.
func (s *Store) AddSanctionsList(ctx context.Context, actor hashyard.Actor, l verify.List, entries []verify.Entry, ev hashyard.Event) (stored verify.List, err error) {
	err = s.db.AsSystemFor(ctx, actor, "web.sanctions", func(ctx context.Context, tx *pg.Tx) error {
		c := tx.Conn()
		stored, err = scanList(c.QueryRow(ctx, `
			INSERT INTO sanctions_lists (id, source, dated, sha256, entries, imported_at, imported_by)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING `+listColumns,
			l.ID, l.Source, l.Dated, l.SHA256[:], l.Entries, l.ImportedAt, l.ImportedBy))
		if errors.Is(err, pgx.ErrNoRows) {
			stored, err = scanList(c.QueryRow(ctx, "SELECT "+listColumns+" FROM sanctions_lists WHERE source = $1 AND sha256 = $2", l.Source, l.SHA256[:]))
			return pg.Fail(err, "sanctions list")
		}
		if err != nil {
			return pg.Fail(err, "sanctions list")
		}
		// COPY is not for tables with policies.
		cols := newEntryColumns(entries)
		_, err := c.Exec(ctx, `
			INSERT INTO sanctions_entries (list_id, ent_num, name, kind, program, remarks)
			SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[])`,
			l.ID, cols.nums, cols.names, cols.kinds, cols.programs, cols.remarks)
		if err != nil {
			return pg.Fail(err, "sanctions list of %s", l.Source)
		}
		if err := tx.Emit(ctx, ev); err != nil {
			return err
		}
		return tx.AuditFor(ctx, hashyard.ID{}, "sanctions.import", hashyard.Ref{Kind: "sanctions_list", ID: l.ID}, nil, l)
	})
	return stored, err
}

type entryColumns struct {
	nums                            []int64
	names, kinds, programs, remarks []string
}

func newEntryColumns(entries []verify.Entry) (c entryColumns) {
	for _, e := range entries {
		c.nums = append(c.nums, e.EntNum)
		c.names, c.kinds = append(c.names, e.Name), append(c.kinds, e.Kind)
		c.programs, c.remarks = append(c.programs, e.Program), append(c.remarks, e.Remarks)
	}
	return c
}

// SanctionsLists are the imports, newest first.
func (s *Store) SanctionsLists(ctx context.Context, after hashyard.ID, limit int) (lists []verify.List, err error) {
	return s.lists(ctx, "WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2", after, limit)
}

// CurrentSanctions are the newest list of each source, by its day.
func (s *Store) CurrentSanctions(ctx context.Context) (lists []verify.List, err error) {
	return s.lists(ctx, "WHERE id IN (SELECT DISTINCT ON (source) id FROM sanctions_lists ORDER BY source, dated DESC, id DESC)")
}

func (s *Store) lists(ctx context.Context, where string, args ...any) (lists []verify.List, err error) {
	err = s.db.AsSystem(ctx, "web.sanctions", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+listColumns+" FROM sanctions_lists "+where, args...)
		if err != nil {
			return pg.Fail(err, "sanctions lists")
		}
		lists, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (verify.List, error) { return scanList(row) })
		return pg.Fail(err, "sanctions lists")
	})
	return lists, err
}

// SanctionsEntries are those of a list.
func (s *Store) SanctionsEntries(ctx context.Context, list hashyard.ID) (entries []verify.Entry, err error) {
	err = s.db.AsSystem(ctx, "web.sanctions", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT ent_num, name, kind, program, remarks FROM sanctions_entries WHERE list_id = $1 ORDER BY ent_num", list)
		if err != nil {
			return pg.Fail(err, "sanctions list %s", list)
		}
		entries, err = pgx.CollectRows(rows, pgx.RowToStructByPos[verify.Entry])
		return pg.Fail(err, "sanctions list %s", list)
	})
	return entries, err
}
