package api_test

import (
	"testing"

	"hashyard"
	"hashyard/web"
	"hashyard/web/api"
)

// die makes it look as if the process had died between the effect of the last
// command and its answer.
func (y *yard) die(key string) {
	y.t.Helper()
	tag, err := y.owner.Exec(y.t.Context(), `UPDATE idempotency_keys
		SET answered_at = NULL, status = NULL, body = NULL, leased_to = now() - interval '1 second' WHERE key = $1`, key)
	y.must(err)
	if tag.RowsAffected() != 1 {
		y.t.Fatalf("%d claims died", tag.RowsAffected())
	}
}

func (y *yard) count(sql string, args ...any) (n int) {
	y.t.Helper()
	y.must(y.owner.QueryRow(y.t.Context(), sql, args...).Scan(&n))
	return n
}

// TestKeyAfterCrash: every attempt makes the same key; the secret nobody got
// opens nothing.
func TestKeyAfterCrash(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	owner := y.signIn("owner@north.example")
	body := map[string]any{"name": "report", "roles": []string{"viewer"}}
	add := func() reply { return owner.do("POST", "/keys", body, "Idempotency-Key", "make") }
	first := decode[api.NewKey](t, add())
	y.die("make")
	r := add()
	y.want(r, 201, `"secret":"hy_`)
	second := decode[api.NewKey](t, r)
	if second.Key.ID != first.Key.ID || second.Secret == first.Secret || !second.Key.CreatedAt.Equal(first.Key.CreatedAt) {
		t.Errorf("attempts made %+v and %+v", first, second)
	}
	if n := y.count("SELECT count(*) FROM api_keys"); n != 1 {
		t.Errorf("%d keys", n)
	}
	y.want((&browser{y: y, key: first.Secret}).do("GET", "/me", nil), 401, "unknown")
	y.want((&browser{y: y, key: second.Secret}).do("GET", "/me", nil), 200, `"name":"report"`)
	// A key in use keeps its secret.
	y.die("make")
	y.want(add(), 409, "used or revoked")
	y.want((&browser{y: y, key: second.Secret}).do("GET", "/me", nil), 200, "")
	// Another organisation's command of the same id reaches nothing.
	stolen := web.Key{ID: first.Key.ID, Org: y.buyer.ID, Name: "x", Roles: []hashyard.Role{hashyard.Viewer}, CreatedAt: first.Key.CreatedAt}
	if _, err := y.store().AddKey(t.Context(), hashyard.Actor{Org: y.buyer.ID}, stolen, [32]byte{1}); err == nil {
		t.Error("another organisation took the key over")
	}
}
