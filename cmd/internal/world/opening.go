package world

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"hashyard"
)

// A market opens with something in it: on a world's first day the seller's
// trader asks for a few machines and the buyer's bids below, over the public
// API like anybody else. What they do not sell stays theirs to change.

// openingAsks are this far above the first price, one machine each.
var openingAsks = []hashyard.MilliCentsPerTH{1_158_000, 1_160_000, 1_166_000, 1_172_000}

// openingBids are below every ask.
var openingBids = []struct {
	price hashyard.MilliCentsPerTH
	units int
}{{1_120_000, 2}, {1_105_000, 4}}

// openMarket places the opening orders unless somebody has traded before.
func (r *runner) openMarket(ctx context.Context) error {
	seller, buyer := trader{r, "seller.trader"}, trader{r, "buyer.trader"}
	var orders page[struct{}]
	if err := seller.call(ctx, http.MethodGet, "/orders", nil, &orders); err != nil || len(orders.Items) > 0 {
		return err
	}
	var instruments page[struct {
		ID    hashyard.ID `json:"id"`
		Model string      `json:"model"`
	}]
	if err := seller.call(ctx, http.MethodGet, "/instruments", nil, &instruments); err != nil {
		return err
	}
	for _, in := range instruments.Items {
		units, err := seller.forSale(ctx, in.Model)
		if err != nil {
			return err
		}
		for i, price := range openingAsks[:min(len(units)/2, len(openingAsks))] {
			ask := map[string]any{"instrument": in.ID, "side": "ask", "price_mc": price, "unit_ids": []hashyard.ID{units[i]}, "tif": "gtc"}
			if err := seller.call(ctx, http.MethodPost, "/orders", ask, nil); err != nil {
				return err
			}
		}
		for _, b := range openingBids {
			bid := map[string]any{"instrument": in.ID, "side": "bid", "price_mc": b.price, "units": b.units, "tif": "gtc"}
			if err := buyer.call(ctx, http.MethodPost, "/orders", bid, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// page is a list as the API gives it.
type page[T any] struct {
	Items []T `json:"items"`
}

// trader is a person of the world with an API key.
type trader struct {
	r    *runner
	role string
}

// forSale waits until the agent has found the seller's machines of a model.
func (t trader) forSale(ctx context.Context, model string) ([]hashyard.ID, error) {
	for deadline := time.Now().Add(time.Minute); ; {
		var units page[struct {
			ID    hashyard.ID `json:"id"`
			Model string      `json:"model"`
			State string      `json:"state"`
		}]
		if err := t.call(ctx, http.MethodGet, "/units", nil, &units); err != nil {
			return nil, err
		}
		var ids []hashyard.ID
		for _, u := range units.Items {
			if u.Model == model && u.State == "available" {
				ids = append(ids, u.ID)
			}
		}
		if len(ids) >= 2 || time.Now().After(deadline) {
			return ids, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

func (t trader) call(ctx context.Context, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, t.r.url("web")+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+t.r.st.Keys[t.role])
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", "opening-"+hashyard.NewID().String())
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s %s: %s: %.300s", method, path, resp.Status, reply)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(reply, out)
}
