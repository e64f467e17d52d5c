package api_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"hashyard"
	"hashyard/inventory"
	"hashyard/inventory/api"
	"hashyard/inventory/postgres"
	"hashyard/migrations/testdb"
	"hashyard/web"
)

// fetch reads a file.
func (s site) fetch(key, path string) (int, string, []byte) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Content-Type"), b
}

// send posts a file as it is.
func (s site) send(key, path string, file []byte) (int, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, bytes.NewReader(file))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Idempotency-Key", hashyard.NewID().String())
	req.Header.Set("Content-Type", "application/octet-stream")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestBenchOverHTTP(t *testing.T) {
	t.Parallel()
	ctx, db := t.Context(), testdb.New(t)
	svc := inventory.New(inventory.Config{Store: postgres.New(db), Names: namer{}})
	seller := hashyard.Actor{User: hashyard.NewID(), Org: hashyard.NewID(), Roles: []hashyard.Role{hashyard.Owner}}
	buyer := hashyard.Actor{User: hashyard.NewID(), Org: hashyard.NewID(), Roles: []hashyard.Role{hashyard.Logistics}}
	stranger := hashyard.Actor{User: hashyard.NewID(), Org: hashyard.NewID(), Roles: []hashyard.Role{hashyard.Owner}}
	edge := web.New(web.Config{Auth: door{"seller": seller, "buyer": buyer, "stranger": stranger}, Keeper: door{}})
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
	path := "/api/v1/shipments/" + fund(t, svc, seller, buyer, c.Unit.ID).String()

	code, got := s.call("seller", "POST", path+"/scans", map[string]string{"kind": "pack", "serial": "smtt0001", "at": "2026-01-01T10:00:00Z"})
	if code != 200 || got["box"] != 1.0 || got["in_box"] != 1.0 {
		t.Errorf("scan: %d %v", code, got)
	}
	code, got = s.call("seller", "GET", path+"/bench", nil)
	if code != 200 || len(got["scans"].([]any)) != 1 || len(got["sscc"].([]any)) != 1 || !strings.HasPrefix(got["number"].(string), "S-") {
		t.Errorf("bench: %d %v", code, got)
	}
	if code, _ := s.call("stranger", "GET", path+"/bench", nil); code != 404 {
		t.Errorf("a stranger's bench: %d", code)
	}
	code, got = s.call("seller", "GET", path+"/stray?serial=smtt0001", nil)
	if code != 200 || got["yours"] != true || got["state"] != "packed" {
		t.Errorf("stray: %d %v", code, got)
	}
	if code, got = s.call("buyer", "GET", path+"/stray?serial=SMTT0777", nil); code != 200 || got["yours"] != false || got["state"] != nil {
		t.Errorf("stray of nobody: %d %v", code, got)
	}
	for file, head := range map[string]string{"/packing-list.csv": "\ufeffshipment,pallet,sscc,box,serial", "/packing-list.pdf": "%PDF-", "/labels.pdf": "%PDF-"} {
		code, kind, b := s.fetch("buyer", path+file)
		if code != 200 || !strings.HasPrefix(string(b), head) || strings.Contains(kind, "json") {
			t.Errorf("%s: %d %s %.40q", file, code, kind, b)
		}
		if code, _, _ := s.fetch("stranger", path+file); code != 404 {
			t.Errorf("a stranger's %s: %d", file, code)
		}
	}
	if code, got = s.call("seller", "POST", path+"/undo", map[string]string{"serial": "SMTT0001"}); code != 200 || got["outcome"] != "undone" || got["state"] != "packing" {
		t.Errorf("undo: %d %v", code, got)
	}
	code, got = s.call("buyer", "PUT", path+"/legs", map[string]any{"legs": []any{map[string]any{"kind": "customs", "name": "Customs, ORD", "actual_from": "2026-11-10T08:00:00Z"}}})
	if code != 200 || len(got["legs"].([]any)) != 1 {
		t.Errorf("legs: %d %v", code, got)
	}
}

func TestImportOverHTTP(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	svc := inventory.New(inventory.Config{Store: postgres.New(db), Names: namer{}})
	seller := hashyard.Actor{User: hashyard.NewID(), Org: hashyard.NewID(), Roles: []hashyard.Role{hashyard.Owner}}
	viewer := hashyard.Actor{User: hashyard.NewID(), Org: seller.Org, Roles: []hashyard.Role{hashyard.Viewer}}
	edge := web.New(web.Config{Auth: door{"seller": seller, "viewer": viewer}, Keeper: door{}})
	api.Register(edge, svc)
	srv := httptest.NewServer(edge.Handler())
	t.Cleanup(srv.Close)
	s := site{t, srv.URL}
	if err := svc.SeedModels(t.Context(), inventory.StandardModels()); err != nil {
		t.Fatal(err)
	}
	list := []byte("Serial;Shelf\nSMTT0001;'=12-A\n\nSMTT0002;\n=1+1;\n")
	code, body := s.send("seller", "/api/v1/units/import/check", list)
	if code != 200 || !strings.Contains(body, `"new":2`) || !strings.Contains(body, `"wrong":1`) {
		t.Fatalf("check: %d %s", code, body)
	}
	if code, body = s.send("viewer", "/api/v1/units/import/check", list); code != 403 {
		t.Errorf("a viewer's list: %d %s", code, body)
	}
	if code, body = s.send("seller", "/api/v1/units/import/check", []byte("PK\x03\x04")); code != 422 || !strings.Contains(body, "damaged") {
		t.Errorf("a damaged workbook: %d %s", code, body)
	}
	if code, _ = s.send("seller", "/api/v1/units/import/check", bytes.Repeat([]byte("A"), 5<<20)); code != 413 {
		t.Errorf("5 MB: %d", code)
	}
	rows := map[string]any{"rows": []any{map[string]any{"serial": "SMTT0001", "shelf": "=12-A"}, map[string]any{"serial": "SMTT0002"}}}
	for i, want := range []float64{2, 0} {
		if code, got := s.call("seller", "POST", "/api/v1/units/import", rows); code != 200 || got["new"] != want {
			t.Errorf("import %d: %d %v", i, code, got)
		}
	}
	code, kind, b := s.fetch("viewer", "/api/v1/exports/units.csv")
	if code != 200 || !strings.HasPrefix(kind, "text/csv") || !strings.Contains(string(b), "SMTT0001,,,'=12-A,available") {
		t.Errorf("export: %d %s %q", code, kind, b)
	}
}
