package api_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/inventory"
	"hashyard/inventory/api"
	"hashyard/inventory/postgres"
	"hashyard/migrations/testdb"
	"hashyard/web"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// door lets in whoever's key is known and keeps no answers.
type door map[string]hashyard.Actor

func (d door) ByKey(_ context.Context, key string) (web.Caller, error) {
	a, ok := d[key]
	if !ok {
		return web.Caller{}, hashyard.Unauthenticated.Errorf("key unknown")
	}
	return web.Caller{Actor: a}, nil
}

func (door) BySession(context.Context, string) (web.Caller, error) {
	return web.Caller{}, hashyard.Unauthenticated.Errorf("no sessions here")
}

func (door) Claim(context.Context, web.Claim) (web.Attempt, *web.Answer, error) {
	return web.Attempt{ID: hashyard.NewID(), Number: 1}, nil, nil
}
func (door) Renew(context.Context, web.Claim, web.Attempt) error            { return nil }
func (door) Keep(context.Context, web.Claim, web.Attempt, web.Answer) error { return nil }
func (door) Release(context.Context, web.Claim, web.Attempt) error          { return nil }
func (door) Forget(context.Context, web.Claim, web.Attempt) error           { return nil }

// namer calls organisations by their first letter.
type namer struct{}

func (namer) OrgNames(_ context.Context, ids []hashyard.ID) (map[hashyard.ID]string, error) {
	out := map[hashyard.ID]string{}
	for _, id := range ids {
		out[id] = "Org " + id.String()[:4]
	}
	return out, nil
}

func (namer) SiteNames(context.Context, hashyard.Actor, []hashyard.ID) (map[hashyard.ID]string, error) {
	return nil, nil
}

type site struct {
	t   *testing.T
	url string
}

// call sends one request and reads the answer's JSON.
func (s site) call(key, method, path string, body any) (int, map[string]any) {
	s.t.Helper()
	var in io.Reader = http.NoBody
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		in = strings.NewReader(string(b))
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, in)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Idempotency-Key", hashyard.NewID().String())
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		s.t.Fatalf("%s %s: %d: %v", method, path, resp.StatusCode, err)
	}
	return resp.StatusCode, out
}

// TestOverHTTP packs one machine as people do, and looks at the shapes that
// the browser app and the journey rely on.
func TestOverHTTP(t *testing.T) {
	t.Parallel()
	ctx, db := t.Context(), testdb.New(t)
	svc := inventory.New(inventory.Config{Store: postgres.New(db), Names: namer{}})
	seller := hashyard.Actor{User: hashyard.NewID(), Org: hashyard.NewID(), Roles: []hashyard.Role{hashyard.Logistics}}
	buyer := hashyard.Actor{User: hashyard.NewID(), Org: hashyard.NewID(), Roles: []hashyard.Role{hashyard.Viewer}}
	edge := web.New(web.Config{Auth: door{"seller": seller, "buyer": buyer}, Keeper: door{}})
	api.Register(edge, svc)
	srv := httptest.NewServer(edge.Handler())
	t.Cleanup(srv.Close)
	s := site{t, srv.URL}
	if err := svc.SeedModels(ctx, inventory.StandardModels()); err != nil {
		t.Fatal(err)
	}
	c, err := svc.Claim(ctx, seller.Org, hashyard.ID{}, inventory.Identity{Serial: "SMTT0001", Model: "Antminer S19 100T"})
	if err != nil {
		t.Fatal(err)
	}
	ship := fund(t, svc, seller, buyer, c.Unit.ID)

	if code, got := s.call("seller", "GET", "/api/v1/models", nil); code != 200 || len(got["items"].([]any)) != 2 {
		t.Errorf("models: %d %v", code, got)
	}
	for ids, want := range map[string]int{c.Unit.ID.String(): 1, c.Unit.ID.String() + "," + hashyard.NewID().String(): 1, hashyard.NewID().String(): 0} {
		code, list := s.call("seller", "GET", "/api/v1/units?ids="+ids, nil)
		if items, _ := list["items"].([]any); code != 200 || len(items) != want {
			t.Errorf("units by ids: %d %v, want %d", code, list, want)
		}
	}
	if code, _ := s.call("seller", "GET", "/api/v1/units?ids=x", nil); code != 422 {
		t.Errorf("units by a bad id: %d", code)
	}
	code, u := s.call("seller", "GET", "/api/v1/units/"+c.Unit.ID.String(), nil)
	owner, _ := u["owner"].(map[string]any)
	if code != 200 || u["serial"] != "SMTT0001" || u["nominal_ths"] != 100.0 || u["state"] != "sold" || owner["name"] == "" || u["boards"] == nil {
		t.Errorf("unit: %d %v", code, u)
	}
	scans := "/api/v1/shipments/" + ship.String() + "/scans"
	for _, tt := range []struct {
		key, serial string
		code        int
		want        string
	}{
		{"seller", "SMTT9999", 409, "serial SMTT9999 is not in this shipment"},
		{"seller", "  ", 422, "is blank"},
		{"buyer", "SMTT0001", 403, "your roles do not allow"},
		{"nobody", "SMTT0001", 401, "key unknown"},
	} {
		code, p := s.call(tt.key, "POST", scans, map[string]string{"kind": "pack", "serial": tt.serial})
		if detail, _ := p["detail"].(string); code != tt.code || !strings.Contains(detail, tt.want) {
			t.Errorf("%s scans %q: %d %v", tt.key, tt.serial, code, p)
		}
	}
	code, got := s.call("seller", "POST", scans, map[string]string{"kind": "pack", "serial": "smtt0001"})
	if code != 200 || got["unit"] != c.Unit.ID.String() || got["expected"] != 1.0 || got["scanned"] != 1.0 || got["remaining"] != 0.0 || got["state"] != "packed" {
		t.Errorf("scan: %d %v", code, got)
	}
	code, got = s.call("seller", "POST", "/api/v1/shipments/"+ship.String()+"/dispatch", map[string]string{"carrier": "DHL", "tracking": "JD01"})
	if code != 200 || got["state"] != "dispatched" || got["tracking"] != "JD01" || got["received_at"] != nil {
		t.Errorf("dispatch: %d %v", code, got)
	}
	code, got = s.call("seller", "GET", "/api/v1/units/"+c.Unit.ID.String()+"/custody", nil)
	if rows := got["items"].([]any); code != 200 || len(rows) != 2 || rows[1].(map[string]any)["to"].(map[string]any)["carrier"] != "DHL" {
		t.Errorf("custody: %d %v", code, got)
	}
	if code, got := s.call("buyer", "GET", "/api/v1/shipments?trade="+hashyard.NewID().String(), nil); code != 200 || len(got["items"].([]any)) != 0 {
		t.Errorf("shipments of another trade: %d %v", code, got)
	}
}

// fund takes the unit to a shipment ready for packing.
func fund(t *testing.T, svc *inventory.Service, seller, buyer hashyard.Actor, unit hashyard.ID) hashyard.ID {
	t.Helper()
	order, trade := hashyard.NewID(), hashyard.NewID()
	if _, err := svc.Reserve(t.Context(), seller, hashyard.Ref{Kind: "order", ID: order}, []hashyard.ID{unit}); err != nil {
		t.Fatal(err)
	}
	ev, err := hashyard.NewEvent(hashyard.EvTradeFunded, hashyard.Ref{Kind: "trade", ID: trade}, time.Now(),
		hashyard.TradeFunded{Trade: trade, Buyer: buyer.Org, Seller: seller.Org, Units: []hashyard.ID{unit}})
	if err != nil {
		t.Fatal(err)
	}
	if err := svc.OnTradeFunded(t.Context(), ev); err != nil {
		t.Fatal(err)
	}
	ships, _, err := svc.Shipments(t.Context(), seller, inventory.ShipmentQuery{Trade: trade})
	if err != nil || len(ships) != 1 {
		t.Fatalf("%d shipments, %v", len(ships), err)
	}
	return ships[0].ID
}
