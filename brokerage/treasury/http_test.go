package treasury_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"hashyard"
	"hashyard/brokerage/api"
	"hashyard/brokerage/treasury"
	"hashyard/web"
)

// people are callers by key.
type people map[string]hashyard.Actor

func (p people) BySession(context.Context, string) (web.Caller, error) {
	return web.Caller{}, hashyard.Unauthenticated.Errorf("no sessions here")
}

func (p people) ByKey(_ context.Context, key string) (web.Caller, error) {
	a, ok := p[key]
	if !ok {
		return web.Caller{}, hashyard.Unauthenticated.Errorf("unknown key")
	}
	return web.Caller{Actor: a, Elevated: true}, nil
}

// call sends a request as somebody and decodes the answer.
func call(t *testing.T, srv *httptest.Server, who, method, path string, body, out any) int {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+"/api/v1"+path, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+who)
	req.Header.Set("Content-Type", "application/json")
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if out != nil {
		if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	return resp.StatusCode
}

func TestOverHTTP(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.fund(30_000)
	y.step()
	owner := hashyard.Actor{User: hashyard.NewID(), Org: hashyard.NewID(), Roles: []hashyard.Role{hashyard.Owner}}
	viewer := hashyard.Actor{User: hashyard.NewID(), Org: owner.Org, Roles: []hashyard.Role{hashyard.Viewer}}
	edge := web.New(web.Config{Auth: people{"owner": owner, "viewer": viewer, "house": y.house}})
	api.RegisterTreasury(edge, y.svc)
	srv := httptest.NewServer(edge.Handler())
	t.Cleanup(srv.Close)
	if spec, err := edge.OpenAPI(); err != nil || !bytes.Contains(spec, []byte("set-payout-address")) {
		t.Errorf("not described: %v", err)
	}
	address := func(n int) map[string]string { return map[string]string{"address": otherAddress(n)} }

	for _, tt := range []struct {
		who, method, path string
		body              any
		want              int
	}{
		{"owner", "GET", "/payout-address", nil, 404},
		{"viewer", "PUT", "/payout-address", address(1), 403},
		{"nobody", "PUT", "/payout-address", address(1), 401},
		{"owner", "PUT", "/payout-address", map[string]string{"address": "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"}, 422},
		{"owner", "PUT", "/payout-address", map[string]string{"address": strings.Repeat("a", 101)}, 422},
		{"owner", "PUT", "/payout-address", address(1), 200},
		{"viewer", "GET", "/payout-address", nil, 200},
		{"owner", "GET", "/treasury", nil, 403},
		{"owner", "GET", "/payouts/" + hashyard.NewID().String(), nil, 404},
		{"owner", "GET", "/payouts?state=lost", nil, 422},
	} {
		if got := call(t, srv, tt.who, tt.method, tt.path, tt.body, nil); got != tt.want {
			t.Errorf("%s %s %s: %d, want %d", tt.who, tt.method, tt.path, got, tt.want)
		}
	}
	y.keeper.stop(true)
	var problem struct{ Detail string }
	if got := call(t, srv, "owner", "PUT", "/payout-address", address(2), &problem); got != 503 || !strings.Contains(problem.Detail, "signer") {
		t.Errorf("without the signer: %d %q", got, problem.Detail)
	}
	y.keeper.stop(false)
	y.earn(owner.Org, 2_500)
	y.step()
	y.blocks(1)
	y.step()
	var page struct{ Items []api.Payout }
	if got := call(t, srv, "viewer", "GET", "/payouts", nil, &page); got != 200 || len(page.Items) != 1 {
		t.Fatalf("payouts: %d, %+v", got, page)
	}
	p := page.Items[0]
	var one api.Payout
	if got := call(t, srv, "house", "GET", "/payouts/"+p.ID.String(), nil, &one); got != 200 || one != p {
		t.Errorf("%d: %+v and %+v", got, one, p)
	}
	if p.State != string(treasury.Broadcast) || p.Confirmations != 1 || p.Needed != 3 || p.AmountSats != 2_500 || p.Address != otherAddress(1) || p.BlockHash == "" {
		t.Errorf("payout %+v", p)
	}
	var tr api.Treasury
	if got := call(t, srv, "house", "GET", "/treasury", nil, &tr); got != 200 || tr.DifferenceSats != 0 || tr.SpendableSats != 30_000-2_500-p.FeeSats || len(tr.Coins) != 1 || tr.OpenPayouts != 1 {
		t.Errorf("treasury: %d %+v", got, tr)
	}
}
