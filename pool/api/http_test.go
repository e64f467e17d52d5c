package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"hashyard"
	"hashyard/migrations/testdb"
	"hashyard/pool"
	"hashyard/pool/api"
	"hashyard/pool/fpps"
	"hashyard/pool/job"
	"hashyard/pool/postgres"
	"hashyard/pool/share"
	"hashyard/web"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// callers are the keys of the test.
type callers map[string]hashyard.Actor

func (c callers) BySession(context.Context, string) (web.Caller, error) {
	return web.Caller{}, hashyard.Unauthenticated.Errorf("no sessions here")
}

func (c callers) ByKey(_ context.Context, key string) (web.Caller, error) {
	a, ok := c[key]
	if !ok {
		return web.Caller{}, hashyard.Unauthenticated.Errorf("unknown key")
	}
	return web.Caller{Actor: a, Elevated: true}, nil
}

// forgetful keeps no answers: every POST of the test is a first one.
type forgetful struct{}

func (forgetful) Claim(context.Context, web.Claim) (web.Attempt, *web.Answer, error) {
	return web.Attempt{ID: hashyard.NewID()}, nil, nil
}
func (forgetful) Renew(context.Context, web.Claim, web.Attempt) error            { return nil }
func (forgetful) Keep(context.Context, web.Claim, web.Attempt, web.Answer) error { return nil }
func (forgetful) Release(context.Context, web.Claim, web.Attempt) error          { return nil }
func (forgetful) Forget(context.Context, web.Claim, web.Attempt) error           { return nil }

// chain is one block without fees.
type chain struct{}

func (chain) BlockFees(_ context.Context, hash [32]byte) (fpps.Block, error) {
	return fpps.Block{Hash: hash, Height: 7, Time: time.Unix(1, 0), Fees: 122}, nil
}

func (chain) Confirmations(context.Context, [32]byte, int64) (int64, error) { return 1, nil }

type shareLog struct{ seq uint64 }

func (l *shareLog) Flush(context.Context) (string, uint64, error) { return "log", l.seq, nil }

// quiet is an edge nobody is connected to.
type quiet struct{}

func (quiet) Retarget(hashyard.ID, share.Grant) {}
func (quiet) CloseWorker(hashyard.ID, string)   {}
func (quiet) Sessions() []pool.Session          { return nil }

// site is a served pool with one buyer.
type site struct {
	t    *testing.T
	h    http.Handler
	keys callers
	svc  *pool.Service
	log  *shareLog
	now  time.Time
	work pool.WorkState
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, keys: callers{}, log: &shareLog{}, now: time.Date(2026, 11, 25, 12, 0, 1, 0, time.UTC)}
	svc, err := pool.New(pool.Config{
		Store: postgres.New(testdb.New(t)), Log: s.log, Chain: chain{}, Edge: quiet{}, URL: "stratum+tcp://127.0.0.1:3333", Network: "hashyard-local",
		ServerKey: make([]byte, 32), Scale: 1_000_000_000, SettlementPeriod: 5 * time.Minute, FeePPM: 20_000, Grace: time.Second,
		Tick: 10 * time.Millisecond, Now: func() time.Time { return s.now }, Work: func() pool.WorkState { return s.work },
	})
	if err != nil {
		t.Fatal(err)
	}
	a := web.New(web.Config{Auth: s.keys, Keeper: forgetful{}})
	api.Register(a, svc)
	s.h, s.svc = a.Handler(), svc
	return s
}

// call decodes the answer and checks its status.
func (s *site) call(method, path, key string, body any, status int) (out map[string]any) {
	s.t.Helper()
	var b bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&b).Encode(body); err != nil {
			s.t.Fatal(err)
		}
	}
	r := httptest.NewRequest(method, "/api/v1/pool"+path, &b)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", hashyard.NewID().String())
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	if w.Code != status {
		s.t.Fatalf("%s %s: %d %s, want %d", method, path, w.Code, w.Body, status)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		s.t.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
	}
	return out
}

func items(t *testing.T, page map[string]any, n int) []map[string]any {
	t.Helper()
	list, ok := page["items"].([]any)
	if !ok || len(list) != n {
		t.Fatalf("%v has not %d items", page, n)
	}
	out := make([]map[string]any, n)
	for i, it := range list {
		out[i] = it.(map[string]any)
	}
	return out
}

func TestOverHTTP(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	org := hashyard.NewID()
	s.keys["owner"] = hashyard.Actor{Org: org, Roles: []hashyard.Role{hashyard.Owner}}
	s.keys["viewer"] = hashyard.Actor{Org: org, Roles: []hashyard.Role{hashyard.Viewer}}
	s.keys["logistics"] = hashyard.Actor{Org: org, Roles: []hashyard.Role{hashyard.Logistics}}
	s.keys["stranger"] = hashyard.Actor{Org: hashyard.NewID(), Roles: []hashyard.Role{hashyard.Owner}}
	account, err := s.svc.SeedAccount(ctx, org, "buyer")
	if err != nil {
		t.Fatal(err)
	}
	if info := s.call("GET", "", "", nil, 200); info["epoch"] != nil || info["settlement_period"] != "5m0s" || info["fee_ppm"] != 20_000.0 {
		t.Errorf("terms %v", info)
	}
	made := s.call("POST", "/workers", "owner", map[string]any{"name": "Rig1"}, 201)
	if made["user"] != "buyer.rig1" {
		t.Errorf("made %v", made)
	}
	s.call("POST", "/workers", "owner", map[string]any{"name": "rig1"}, 409)
	s.call("POST", "/workers", "owner", map[string]any{"name": "rig 1"}, 422)
	s.call("POST", "/workers", "viewer", map[string]any{"name": "rig2"}, 403)
	s.call("GET", "/workers", "logistics", nil, 403)
	s.call("GET", "/workers", "", nil, 401)

	unit := hashyard.NewID()
	if _, err := s.svc.WorkerFor(ctx, unit, org); err != nil {
		t.Fatal(err)
	}
	worker := items(t, s.call("GET", "/workers", "viewer", nil, 200), 2)[1]
	if worker["unit_id"] != unit.String() {
		t.Fatalf("worker %v", worker)
	}
	start, end, _ := s.svc.Period(s.now)
	epoch, err := s.svc.EpochFor(ctx, job.EpochFacts{Period: start, NBits: 0x1d3ba6fe, Subsidy: 2500, Tip: [32]byte{1}, Height: 8})
	if err != nil {
		t.Fatal(err)
	}
	workerID := hashyard.MustParseID(worker["id"].(string))
	b := share.Batch{Stream: "log", Seq: 1}
	for i := range 120 {
		code := 0
		if i%10 == 9 {
			code = 23
		}
		b.Records = append(b.Records, share.Record{
			Account: account.ID, Worker: workerID, Unit: unit, Epoch: epoch.ID, Secret: true, Code: code,
			At: s.now.Add(time.Duration(i) * time.Second), Difficulty: 1 << 20,
		})
	}
	s.log.seq = 1
	if err := s.svc.Apply(ctx, b); err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(2 * time.Minute)
	path := "/workers/" + workerID.String()
	work := items(t, s.call("GET", path+"/work?epoch="+epoch.ID.String(), "viewer", nil, 200), 1)[0]
	if work["work"] != fmt.Sprint(108<<20) || work["shares"] != 108.0 || work["rejects"].(map[string]any)["23"] != 12.0 || work["nbits"] != "1d3ba6fe" ||
		work["epoch"] != epoch.ID.String() || work["settled"] != false || work["fee_sum_sats"] != 122.0 {
		t.Errorf("work %v", work)
	}
	s.call("GET", path+"/work", "stranger", nil, 404)
	items(t, s.call("GET", path+"/devices", "viewer", nil, 200), 0)
	items(t, s.call("GET", "/units/"+unit.String()+"/devices", "viewer", nil, 200), 0)
	s.call("GET", path+"/devices", "stranger", nil, 404)
	s.call("GET", path+"/work?epoch=x", "viewer", nil, 422)
	if w := s.call("GET", path, "viewer", nil, 200); w["ths"].(float64) <= 0 || w["upper_ths"].(float64) <= w["ths"].(float64) {
		t.Errorf("worker %v", w)
	}
	units := "/units/" + unit.String()
	if ps := items(t, s.call("GET", units+"/series?step=60s&since="+start.Format(time.RFC3339), "viewer", nil, 200), 3); ps[0]["ths"].(float64) <= 0 || ps[0]["shares"] != 54.0 {
		t.Errorf("series %v", ps)
	}
	s.call("GET", units+"/series?step=1s", "viewer", nil, 422)
	s.call("GET", units+"/series?since=now", "viewer", nil, 422)
	items(t, s.call("GET", units+"/work", "viewer", nil, 200), 1)
	items(t, s.call("GET", units+"/work", "stranger", nil, 200), 0)
	items(t, s.call("GET", "/sessions?unit="+unit.String(), "viewer", nil, 200), 0)
	items(t, s.call("GET", "/blocks", "viewer", nil, 200), 0)
	if info := s.call("GET", "", "", nil, 200); info["epoch"].(map[string]any)["epoch"] != epoch.ID.String() || info["hashprice"].(float64) < 3000 {
		t.Errorf("terms %v", info)
	}
	s.now = end.Add(5 * time.Second) // nothing runs yet
	s.checkStatement(unit)
}

// checkStatement settles and recomputes from what the API says alone.
func (s *site) checkStatement(unit hashyard.ID) {
	t := s.t
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.svc.Run(ctx)
	}()
	for ctx.Err() == nil && len(s.call("GET", "/statements", "viewer", nil, 200)["items"].([]any)) == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	<-done
	st := items(t, s.call("GET", "/statements", "viewer", nil, 200), 1)[0]
	d := s.call("GET", "/statements/"+st["id"].(string), "viewer", nil, 200)
	s.call("GET", "/statements/"+st["id"].(string), "stranger", nil, 404)
	rates := map[string]map[string]any{}
	for _, e := range d["epochs"].([]any) {
		e := e.(map[string]any)
		rates[e["epoch"].(string)] = e
	}
	integer := func(v any) *big.Rat {
		r, ok := new(big.Rat).SetString(fmt.Sprint(v))
		if !ok {
			t.Fatalf("%v is not a number", v)
		}
		return r
	}
	diff1 := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(0xffff), 240)) // × 2^32
	net := new(big.Rat)
	for _, w := range d["workers"].([]any) {
		for _, l := range w.(map[string]any)["lines"].([]any) {
			l := l.(map[string]any)
			e := rates[l["epoch"].(string)]
			target, _ := new(big.Int).SetString(e["net_target"].(string), 16)
			reward := new(big.Rat).Quo(integer(e["fee_sum_sats"]), integer(e["fee_count"]))
			p := new(big.Rat).Mul(integer(l["work"]), new(big.Rat).SetInt(target))
			p.Mul(p, reward.Add(reward, integer(e["subsidy_sats"]))).Quo(p, diff1)
			p.Mul(p, big.NewRat(1_000_000-int64(e["fee_ppm"].(float64)), 1_000_000))
			net.Add(net, p)
		}
	}
	if net.String() != d["net_exact"] || net.Sign() <= 0 {
		t.Errorf("recomputed %s, stated %v", net, d["net_exact"])
	}
	if whole := new(big.Int).Quo(net.Num(), net.Denom()); whole.String() != fmt.Sprint(d["net_sats"]) {
		t.Errorf("recomputed %s sat, stated %v", whole, d["net_sats"])
	}
	earned := s.call("GET", "/units/"+unit.String()+"/earnings", "viewer", nil, 200)
	if items(t, earned, 1); earned["total_sats"] != d["net_sats"] || earned["net_exact"] != d["net_exact"] {
		t.Errorf("earnings %v", earned)
	}
}
