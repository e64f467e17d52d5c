package killtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/brokerage/stripe/fake"
	"hashyard/cmd/internal/invariants"
	"hashyard/cmd/internal/world"
	"hashyard/pool/node"
)

// yard is a running world as a caller sees it whose every call may be cut off.
type yard struct {
	t *testing.T
	w world.World
}

func load(t *testing.T, path string) yard {
	t.Helper()
	w, err := world.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return yard{t, w}
}

// call asks until an answer comes that is not "later": one command, one key.
func (y yard) call(ctx context.Context, role, method, path string, in, out any) (status int, err error) {
	body, err := json.Marshal(in)
	if err != nil {
		return 0, err
	}
	key := "kill-" + hashyard.NewID().String()
	for ctx.Err() == nil {
		status, reply, later, err := y.once(ctx, role, method, path, key, body)
		if err == nil && status < 500 && !later {
			if out != nil && status < 300 {
				err = json.Unmarshal(reply, out)
			}
			return status, err
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
	return 0, ctx.Err()
}

func (y yard) once(ctx context.Context, role, method, path, key string, body []byte) (status int, reply []byte, later bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, y.w.URL+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, false, err
	}
	req.Header.Set("Authorization", "Bearer "+y.w.Keys[role])
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, false, err
	}
	defer resp.Body.Close()
	reply, err = io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	return resp.StatusCode, reply, resp.Header.Get("Retry-After") != "", err
}

// trade places and takes back orders, and asks for what must be refused, until
// ctx ends: orders of all fates, four at a time.
func (y yard) trade(ctx context.Context) (placed int) {
	var instruments struct {
		Items []struct{ ID hashyard.ID }
	}
	if _, err := y.call(ctx, "buyer.trader", http.MethodGet, "/instruments", nil, &instruments); err != nil || len(instruments.Items) == 0 {
		return 0
	}
	on := instruments.Items[0].ID
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i := range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				if i == 0 { // a machine that nobody has
					_, _ = y.call(ctx, "seller.trader", http.MethodPost, "/orders", map[string]any{
						"instrument": on, "side": "ask", "price_mc": 3_000_000, "unit_ids": []hashyard.ID{hashyard.NewID()}, "tif": "gtc",
					}, nil)
				}
				var o struct{ ID hashyard.ID }
				status, err := y.call(ctx, "buyer.trader", http.MethodPost, "/orders", map[string]any{
					"instrument": on, "side": "bid", "price_mc": 700_000 + 1000*i, "units": 1, "tif": "gtc",
				}, &o)
				if err == nil && status < 300 {
					mu.Lock()
					placed++
					mu.Unlock()
					_, _ = y.call(ctx, "buyer.trader", http.MethodDelete, "/orders/"+o.ID.String(), nil, nil)
				}
				select {
				case <-ctx.Done():
				case <-time.After(200 * time.Millisecond):
				}
			}
		})
	}
	wg.Wait()
	return placed
}

// rpc calls the chain's node.
func (y yard) rpc(ctx context.Context, method string, params ...any) (json.RawMessage, error) {
	body, err := json.Marshal(map[string]any{"id": 1, "method": method, "params": params})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, y.w.Chain.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(y.w.Chain.User, y.w.Chain.Password)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var out struct {
		Result json.RawMessage
		Error  json.RawMessage
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", method, out.Error)
	}
	return out.Result, nil
}

// double reads what the payment double has.
func (y yard) double(ctx context.Context) (st fake.Snapshot, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, y.w.Stripe.URL+"/_double/state", nil)
	if err != nil {
		return st, err
	}
	req.Header.Set("Authorization", "Bearer "+y.w.Stripe.Key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return st, err
	}
	defer resp.Body.Close()
	return st, json.NewDecoder(resp.Body).Decode(&st)
}

// sound waits until what was under way has ended and every invariant holds;
// what a kill delayed may take as long as a lease or a sweep.
func (y yard) sound(limit time.Duration) {
	y.t.Helper()
	ctx := y.t.Context()
	db, err := pgx.Connect(ctx, y.w.DatabaseURL)
	if err != nil {
		y.t.Fatal(err)
	}
	defer db.Close(context.WithoutCancel(ctx))
	chain, err := node.New(node.Config{URL: y.w.Chain.URL, User: y.w.Chain.User, Password: y.w.Chain.Password})
	if err != nil {
		y.t.Fatal(err)
	}
	defer chain.Close()
	s := invariants.Sources{DB: db, Chain: chain, Late: 30 * time.Second}
	if y.w.Stripe.URL != "" {
		s.Double = y.double
	}
	var found []invariants.Finding
	for deadline := time.Now().Add(limit); ; time.Sleep(500 * time.Millisecond) {
		found, err = invariants.Check(ctx, s)
		if err == nil && len(found) == 0 {
			y.t.Logf("%d invariants hold", len(invariants.List()))
			return
		}
		if time.Now().After(deadline) {
			break
		}
	}
	for _, f := range found {
		y.t.Errorf("%s", f)
	}
	if err != nil {
		y.t.Error(err)
	}
}
