package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/web"
)

// bank plays the bank of a buyer in a local world, where there is none: it
// sends what a trade's instructions ask for, to the payment double.
type bank struct {
	h    *house
	http *http.Client
}

type bankIn struct {
	Body struct {
		Trade hashyard.ID `json:"trade"`
	}
}

// registerBank adds the one route, in a local world only.
func (h *house) registerBank(api *web.API) {
	b := bank{h, &http.Client{Timeout: 10 * time.Second}}
	web.Handle(api, huma.Operation{
		OperationID: "world-bank", Method: http.MethodPost, Path: "/api/v1/world/bank", Tags: []string{"world"},
		Summary: "Local world: pay for a trade as the buyer's bank would",
	}, web.TradesFund, b.pay)
}

func (b bank) pay(ctx context.Context, actor hashyard.Actor, in *bankIn) (*struct{}, error) {
	d, err := b.h.brokerage.Trade(ctx, actor, in.Body.Trade)
	if err != nil {
		return nil, err
	}
	p := d.Payment
	if d.Trade.Buyer != actor.Org || p == nil || p.RailID == "" {
		return nil, hashyard.Conflict.Errorf("trade %s has no instructions of yours to pay by; ask for them first", d.Trade.Name())
	}
	var intent struct {
		Customer string `json:"customer"`
	}
	if err := b.call(ctx, http.MethodGet, "/v1/payment_intents/"+url.PathEscape(p.RailID), nil, &intent); err != nil {
		return nil, err
	}
	form := url.Values{
		"amount": {strconv.FormatInt(int64(p.Amount-p.Received), 10)}, "currency": {"usd"}, "reference": {p.Instructions.Reference},
	}
	return nil, b.call(ctx, http.MethodPost, "/v1/test_helpers/customers/"+url.PathEscape(intent.Customer)+"/fund_cash_balance", form, nil)
}

func (b bank) call(ctx context.Context, method, path string, form url.Values, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, b.h.flags.StripeURL+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+b.h.flags.StripeKey)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := b.http.Do(req)
	if err != nil {
		return hashyard.Unavailable.Errorf("the payment double does not answer: %w", err)
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return hashyard.Unavailable.Errorf("the payment double: %w", err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("payment double: %s %s: %s %.200s", method, path, resp.Status, reply)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(reply, out)
}
