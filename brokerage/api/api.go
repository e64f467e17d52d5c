// Package api is brokerage's HTTP: instruments and their books, orders,
// trades, the ledger, and the payment rail's webhook. It owns no state.
package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/web"
)

type edge struct{ svc *brokerage.Service }

// maxWebhook bounds a webhook's body.
const maxWebhook = 256 << 10

// Register adds brokerage's routes.
func Register(api *web.API, svc *brokerage.Service) {
	e := edge{svc}
	op := func(method, id, path, summary string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: "/api/v1" + path, Summary: summary,
			Tags: []string{"brokerage"}, DefaultStatus: http.StatusOK,
		}
	}
	get := func(id, path, summary string) huma.Operation { return op(http.MethodGet, id, path, summary) }
	post := func(id, path, summary string) huma.Operation { return op(http.MethodPost, id, path, summary) }

	web.Handle(api, get("list-instruments", "/instruments", "What is traded"), web.MarketRead, e.instruments)
	web.Handle(api, get("get-book", "/instruments/{id}/book", "The book of an instrument"), web.MarketRead, e.book)
	web.Handle(api, get("get-tape", "/instruments/{id}/tape", "What traded, newest first"), web.MarketRead, e.tape)
	web.Handle(api, get("get-candles", "/instruments/{id}/candles", "What traded, in steps of time, oldest first"), web.MarketRead, e.candles)

	web.Handle(api, post("place-order", "/orders", "Bid for machines, or offer your own"), web.OrdersWrite, e.place)
	web.Handle(api, get("list-orders", "/orders", "Your orders, newest first"), web.MarketRead, e.orders)
	web.Handle(api, get("get-order", "/orders/{id}", "One order"), web.MarketRead, e.order)
	web.Handle(api, op(http.MethodDelete, "cancel-order", "/orders/{id}", "Take an order out of the book"), web.OrdersWrite, e.cancel)
	web.Handle(api, post("amend-order", "/orders/{id}/amend", "Give an open order another price, or a bid other units"), web.OrdersWrite, e.amend)
	web.Handle(api, post("cancel-orders", "/orders/cancel-all", "Take all your orders, or those of one instrument, out of the books"), web.OrdersWrite, e.cancelAll)
	web.Handle(api, post("halt-trading", "/instruments/{id}/halt", "Stop matching: orders rest as they come"), web.MarketHalt, e.halt)
	web.Handle(api, post("resume-trading", "/instruments/{id}/resume", "Open a halted book with an auction"), web.MarketHalt, e.resume)

	web.Handle(api, get("list-trades", "/trades", "Your trades, newest first"), web.TradesRead, e.trades)
	web.Handle(api, get("get-trade", "/trades/{id}", "One trade with its steps, money and proof"), web.TradesRead, e.trade)
	web.Handle(api, web.Answers(get("trade-manifest-csv", "/trades/{id}/manifest.csv", "The machines of a trade by serial, with what each was proven to do, as CSV"), "text/csv"), web.TradesRead, e.manifest)
	web.Handle(api, post("fund-trade", "/trades/{id}/fund", "Ask how to pay for a trade by bank transfer"), web.TradesFund, e.fund)
	web.Handle(api, post("dispute-trade", "/trades/{id}/dispute", "Stop a trade until the desk decides"), web.TradesDispute, e.dispute)
	web.Handle(api, post("decide-trade", "/trades/{id}/decision", "The desk's decision about a disputed or refuted trade"), web.TradesDecide, e.decide)
	web.Handle(api, get("get-unit-money", "/units/{id}/money", "What was paid for a machine and where it is"), web.TradesRead, e.unitMoney)

	web.Handle(api, get("list-accounts", "/ledger/accounts", "Balances of your accounts"), web.LedgerRead, e.accounts)
	web.Handle(api, get("list-entries", "/ledger/entries", "Ledger entries, newest first"), web.LedgerRead, e.entries)
	web.Handle(api, get("get-trial-balance", "/ledger/trial-balance", "Every account of the house and its sums"), web.LedgerRead, e.trialBalance)
	web.Handle(api, web.Answers(get("export-ledger", "/exports/ledger.csv", "Your ledger entries as CSV, one line a posting, newest first"), "text/csv"), web.LedgerRead, e.ledgerCSV)

	hook := post("stripe-webhook", "/webhooks/stripe", "Webhooks of the payment rail, signed")
	hook.MaxBodyBytes = maxWebhook
	web.Public(api, hook, e.webhook)
}

// IDInput names one thing in the path.
type IDInput struct {
	ID hashyard.ID `path:"id"`
}

// PageInput is the cursor of a list.
type PageInput struct {
	Cursor string `query:"cursor" doc:"Where the page before ended."`
	Limit  int    `query:"limit" minimum:"0" maximum:"500" doc:"Items a page; 0 means 100."`
}

func pageOf[A, B any](items []A, next string, each func(A) B) *web.Page[B] {
	out := &web.Page[B]{Items: make([]B, len(items)), Next: next}
	for i, v := range items {
		out.Items[i] = each(v)
	}
	return out
}

func (e edge) instruments(ctx context.Context, _ hashyard.Actor, _ *struct{}) (*web.Page[Instrument], error) {
	is, err := e.svc.Instruments(ctx)
	if err != nil {
		return nil, err
	}
	terms := e.svc.Terms()
	return pageOf(is, "", func(i brokerage.Instrument) Instrument { return instrumentOf(i, terms) }), nil
}

func (e edge) book(ctx context.Context, actor hashyard.Actor, in *IDInput) (*Book, error) {
	d, err := e.svc.Book(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	out := bookOf(d)
	return &out, nil
}

type listInput struct {
	IDInput
	PageInput
}

func (e edge) tape(ctx context.Context, actor hashyard.Actor, in *listInput) (*web.Page[Fill], error) {
	ls, next, err := e.svc.Tape(ctx, actor, in.ID, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	return pageOf(ls, next, fillOf), nil
}

type candlesInput struct {
	IDInput
	Step  string    `query:"step" default:"1h" doc:"Length of a candle: 30s, 1m, 5m, 1h, 1d …"`
	Since time.Time `query:"since" doc:"Leave out what is older."`
	Limit int       `query:"limit" minimum:"0" maximum:"500" doc:"The newest so many; 0 means 100."`
}

func (e edge) candles(ctx context.Context, actor hashyard.Actor, in *candlesInput) (*web.Page[Candle], error) {
	step, err := stepOf(in.Step)
	if err != nil {
		return nil, err
	}
	cs, err := e.svc.Candles(ctx, actor, in.ID, step, in.Since, in.Limit)
	if err != nil {
		return nil, err
	}
	return pageOf(cs, "", candleOf), nil
}

// stepOf reads a duration; days are allowed too.
func stepOf(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 || n > 31 {
			return 0, hashyard.Invalid.Errorf("step %.20q is not 1d … 31d", s)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, hashyard.Invalid.Errorf("step %.20q is not a duration like 30s, 5m, 1h or 1d", s)
	}
	return d, nil
}
