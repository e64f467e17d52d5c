package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"hashyard"
)

// watched calls with a link's token and without any key.
func (s *site) watched(path, token string, status int) string {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/api/v1/pool"+path, nil)
	if token != "" {
		r.Header.Set("Watch-Token", token)
	}
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	if w.Code != status {
		s.t.Fatalf("GET %s: %d %s, want %d", path, w.Code, w.Body, status)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		s.t.Errorf("GET %s may be kept: %q", path, got)
	}
	return w.Body.String()
}

func TestWatchLinksOverHTTP(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	org, other := hashyard.NewID(), hashyard.NewID()
	s.keys["owner"] = hashyard.Actor{Org: org, User: hashyard.NewID(), Roles: []hashyard.Role{hashyard.Owner}}
	s.keys["viewer"] = hashyard.Actor{Org: org, User: hashyard.NewID(), Roles: []hashyard.Role{hashyard.Viewer}}
	for slug, id := range map[string]hashyard.ID{"watched": org, "unwatched": other} {
		if _, err := s.svc.SeedAccount(t.Context(), id, slug); err != nil {
			t.Fatal(err)
		}
		actor := hashyard.Actor{Org: id, User: hashyard.NewID()}
		if _, err := s.svc.AddWorker(t.Context(), actor, "rig"); err != nil {
			t.Fatal(err)
		}
	}
	s.call("POST", "/watch-links", "viewer", map[string]any{"name": "x"}, 403)
	made := s.call("POST", "/watch-links", "owner", map[string]any{"name": "the bank", "workers": true}, 201)
	token := made["token"].(string)
	id := made["link"].(map[string]any)["id"].(string)
	if got := s.watched("/watch?window=1h", token, 200); !strings.Contains(got, `"account":"watched"`) || strings.Contains(got, org.String()) {
		t.Errorf("watched %s", got)
	}
	if got := s.watched("/watch/workers?sort=name&order=desc", token, 200); !strings.Contains(got, "watched.rig") || strings.Contains(got, "unwatched") {
		t.Errorf("workers %s", got)
	}
	s.watched("/watch/statements", token, 403)
	s.watched("/watch", "", 422)
	s.watched("/watch", strings.Repeat("A", 43), 404)
	for range 40 { // more than may come at once
		r := httptest.NewRequest(http.MethodGet, "/api/v1/pool/watch", nil)
		r.Header.Set("Watch-Token", token)
		w := httptest.NewRecorder()
		if s.h.ServeHTTP(w, r); w.Code == http.StatusTooManyRequests {
			s.call("DELETE", "/watch-links/"+id, "owner", nil, 200)
			s.watched("/watch", token, 404)
			if l := items(t, s.call("GET", "/watch-links", "owner", nil, 200), 1)[0]; l["revoked_at"] == nil || l["token"] != nil {
				t.Errorf("link %v", l)
			}
			return
		}
	}
	t.Error("a link may be used without end")
}

func TestTermsOverHTTP(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	org := hashyard.NewID()
	s.keys["owner"] = hashyard.Actor{Org: org, User: hashyard.NewID(), Roles: []hashyard.Role{hashyard.Owner}}
	s.keys["desk"] = hashyard.Actor{Org: hashyard.NewID(), User: hashyard.NewID(), House: true, Roles: []hashyard.Role{hashyard.Desk}}
	s.keys["treasury"] = hashyard.Actor{Org: hashyard.NewID(), User: hashyard.NewID(), House: true, Roles: []hashyard.Role{hashyard.Treasury}}
	a, err := s.svc.SeedAccount(t.Context(), org, "farm")
	if err != nil {
		t.Fatal(err)
	}
	path := "/accounts/" + a.ID.String() + "/terms"
	body := map[string]any{"fee_ppm": 10_000, "fee_method": "day-trim3/1", "note": "contract"}
	s.call("POST", path, "owner", body, 403)
	s.call("POST", path, "desk", map[string]any{"fee_ppm": 1, "fee_method": "day/9"}, 422)
	s.call("POST", path, "desk", body, 201)
	if got := items(t, s.call("GET", "/accounts", "owner", nil, 200), 1)[0]; got["fee_ppm"] != 10_000.0 || got["fee_method"] != "day-trim3/1" {
		t.Errorf("account %v", got)
	}
	if st := s.call("GET", "/status", "", nil, 200); st["hashprice"].(map[string]any)["usd_per_th_day"] != nil {
		t.Errorf("dollars before a price was stated: %v", st)
	}
	s.call("POST", "/prices", "owner", map[string]any{"cents_per_btc": 1, "source": "x"}, 403)
	s.call("POST", "/prices", "desk", map[string]any{"cents_per_btc": 6_002_800, "source": "a bank's fix", "at": s.now}, 201)
	st := s.call("GET", "/status", "", nil, 200)
	if p := st["hashprice"].(map[string]any)["bitcoin_price"].(map[string]any); p["source"] != "a bank's fix" {
		t.Errorf("price %v", p)
	}
	s.call("GET", "/reserve", "owner", nil, 403)
	if r := s.call("GET", "/reserve?delta=0.01", "treasury", nil, 200); r["exponent"].(float64) < 0.0405 || r["exponent"].(float64) > 0.0406 {
		t.Errorf("reserve %v", r)
	}
	items(t, s.call("GET", "/rounds", "owner", nil, 200), 0)
	items(t, s.call("GET", "/hashprice?window=7d", "owner", nil, 200), 0)
}
