package journey

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"hashyard"
)

// funded: the buyer's bank sends the money; the ledger shows it once although
// the news comes twice and out of order.
func (p *play) funded(ctx context.Context) (string, error) {
	for _, m := range []*machine{p.good, p.weak} {
		if err := p.holds(ctx, m); err != nil {
			return "", err
		}
		var t tradeView
		if err := p.as["buyer.trader"].post(ctx, "/api/v1/trades/"+m.trade.String()+"/fund", map[string]any{}, &t); err != nil {
			return "", err
		}
		if t.Payment == nil || t.Payment.Instructions.Reference == "" {
			return "", fmt.Errorf("funding %s gave no instructions", t.Number)
		}
		transfer := map[string]any{"account_number": t.Payment.Instructions.AccountNumber, "amount": m.held, "reference": t.Payment.Instructions.Reference}
		if err := p.bank.post(ctx, "/_double/bank_transfers", transfer, nil); err != nil {
			return "", fmt.Errorf("the buyer's bank: %w", err)
		}
	}
	for _, m := range []*machine{p.good, p.weak} {
		if err := until(ctx, p.cfg.Wait, func() error { return p.inState(ctx, "buyer.trader", m.trade, "funded") }); err != nil {
			return "", err
		}
	}
	if err := p.forge(ctx); err != nil {
		return "", err
	}
	copies, err := p.deliveries(ctx)
	if err != nil {
		return "", err
	}
	for _, m := range []*machine{p.good, p.weak} {
		if err := p.holds(ctx, m, -int64(m.held)); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("$%s and $%s by bank transfer · %s · a forged one refused · held once", p.good.held, p.weak.held, copies), nil
}

// forge sends news of a payment that the provider did not sign.
func (p *play) forge(ctx context.Context) error {
	forger := open(p.w.URL)
	forger.auth = func(r *http.Request) {
		r.Header.Set("Stripe-Signature", fmt.Sprintf("t=%d,v1=%064x", time.Now().Unix(), 1))
	}
	err := forger.post(ctx, "/api/v1/webhooks/stripe", map[string]any{"id": "evt_forged", "type": "payment_intent.succeeded"}, nil)
	if !refused(err, 400, 401, 403, 422) {
		return wanted(err, "a webhook without the provider's signature was taken")
	}
	return nil
}

// holds checks what the ledger posted to the buyer's held money for a machine's
// trade, in cents; what the house owes is negative.
func (p *play) holds(ctx context.Context, m *machine, want ...int64) error {
	got, err := p.posted(ctx, "buyer.owner", "trade:"+m.trade.String(), p.buyer.ID, "held")
	if err == nil && !slices.Equal(got, want) {
		err = fmt.Errorf("posted as held for %s are %v cents, not %v", m.Serial, got, want)
	}
	return err
}

// posted lists the postings about one thing to one account, oldest first.
func (p *play) posted(ctx context.Context, role, ref string, org hashyard.ID, purpose string) ([]int64, error) {
	var page list[entryView]
	if err := p.as[role].get(ctx, "/api/v1/ledger/entries?limit=500&ref="+ref, &page); err != nil {
		return nil, err
	}
	var out []int64
	for _, e := range slices.Backward(page.Items) {
		for _, line := range e.Postings {
			if line.Org == org && line.Purpose == purpose {
				out = append(out, line.Amount)
			}
		}
	}
	return out, nil
}

// inState is a look at whether a trade is in one of the states.
func (p *play) inState(ctx context.Context, role string, trade hashyard.ID, states ...string) error {
	t, err := p.trade(ctx, role, trade)
	if err != nil {
		return err
	}
	if !slices.Contains(states, t.State) {
		return notYet("trade %s is %s, not %s %s", t.Number, t.State, strings.Join(states, " or "), t.Reason)
	}
	return nil
}

// deliveries waits until all news of this journey's payments was delivered
// twice, and says in which order.
func (p *play) deliveries(ctx context.Context) (string, error) {
	var said string
	err := until(ctx, p.cfg.Wait, func() error {
		var st bankState
		if err := p.bank.get(ctx, "/_double/state", &st); err != nil {
			return err
		}
		kinds, least := st.arrivals(p.good.trade)
		if least < 2 {
			return notYet("news of the payment was delivered %d times, not twice", least)
		}
		if len(kinds) < 2 || !p.cfg.Dying && kinds[0] != "payment_intent.succeeded" {
			return fmt.Errorf("the double did not deliver the last news first: %v", kinds)
		}
		said = fmt.Sprintf("news ×%d, last first (%s)", least, strings.Join(kinds, ", "))
		return nil
	})
	return said, err
}

// balance reads one ledger account.
func (p *play) balance(ctx context.Context, role string, org hashyard.ID, cur hashyard.Currency, purpose string) (int64, error) {
	var page list[accountView]
	if err := p.as[role].get(ctx, "/api/v1/ledger/accounts", &page); err != nil {
		return 0, err
	}
	for _, a := range page.Items {
		if a.Org.ID == org && a.Currency == cur && a.Purpose == purpose {
			return a.Balance, nil
		}
	}
	return 0, nil
}

// commissionPPM is the house's part of a trade, 1.50 %.
const commissionPPM = 15_000

// released: the seller has the price less the commission, and ledger and
// payment double agree.
func (p *play) released(ctx context.Context) (string, error) {
	if err := until(ctx, p.cfg.Wait, func() error { return p.inState(ctx, "seller.trader", p.good.trade, "released") }); err != nil {
		return "", err
	}
	commission, err := hashyard.MulDiv(int64(p.good.held), commissionPPM, 1_000_000, hashyard.RoundHalfEven)
	if err != nil {
		return "", err
	}
	paid := p.good.held - hashyard.Cents(commission)
	t, err := p.trade(ctx, "seller.trader", p.good.trade)
	if err != nil {
		return "", err
	}
	if t.Commission != hashyard.Cents(commission) || t.Paid != paid || t.Held != 0 {
		return "", fmt.Errorf("trade %s of $%s: paid $%s, commission $%s, held $%s; due are $%s and $%s", t.Number, t.Amount, t.Paid, t.Commission, t.Held, paid, hashyard.Cents(commission))
	}
	for m, want := range map[*machine][]int64{
		p.good: {-int64(p.good.held), int64(p.good.held)},
		p.weak: {-int64(p.weak.held)}, // unproven: held as before
	} {
		if err := p.holds(ctx, m, want...); err != nil {
			return "", err
		}
	}
	if err := until(ctx, p.cfg.Wait, func() error { return p.ownedByBuyer(ctx) }); err != nil {
		return "", err
	}
	ours, err := p.reconciled(ctx, paid)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("$%s to the seller, $%s commission · unproven $%s still held · ledger = double: $%s", paid, t.Commission, p.weak.held, hashyard.Cents(ours)), nil
}

// ownedByBuyer is a look at whether the paid machine changed owner.
func (p *play) ownedByBuyer(ctx context.Context) error {
	var u unitView
	if err := p.as["buyer.trader"].get(ctx, "/api/v1/units/"+p.good.unit.String(), &u); err != nil {
		return err
	}
	if u.Owner.ID != p.buyer.ID {
		return notYet("%s is paid for and still %s's", u.Serial, u.Owner.Name)
	}
	return nil
}

// reconciled compares what the ledger says is at the payment provider with
// what the provider has. Another trade of the world may be half way.
func (p *play) reconciled(ctx context.Context, paid hashyard.Cents) (int64, error) {
	var ours int64
	err := until(ctx, p.cfg.Wait, func() error {
		var st bankState
		if err := p.bank.get(ctx, "/_double/state", &st); err != nil {
			return err
		}
		if sent := st.transfers("trade-" + p.good.trade.String()); !slices.Equal(sent, []hashyard.Cents{paid}) {
			return fmt.Errorf("the double sent %v to the seller, the ledger says $%s", sent, paid)
		}
		if none := st.transfers("trade-" + p.weak.trade.String()); len(none) != 0 {
			return fmt.Errorf("the unproven trade was paid: %v", none)
		}
		var err error
		if ours, err = p.balance(ctx, "house.treasury", p.house.ID, hashyard.USD, "stripe_balance"); err != nil {
			return err
		}
		if ours != st.Available+st.Pending {
			return notYet("ledger %d cents at the payment provider, the double holds %d", ours, st.Available+st.Pending)
		}
		return nil
	})
	return ours, err
}

// balanced: every currency of the trial balance sums to zero.
func (p *play) balanced(ctx context.Context) (string, error) {
	var tb trialView
	if err := p.as["house.treasury"].get(ctx, "/api/v1/ledger/trial-balance", &tb); err != nil {
		return "", err
	}
	sums, accounts := map[hashyard.Currency]int64{}, map[hashyard.Currency]int{}
	for _, a := range tb.Accounts {
		sums[a.Currency] += a.Balance
		accounts[a.Currency]++
	}
	var said []string
	for _, c := range []hashyard.Currency{hashyard.USD, hashyard.BTC} {
		if accounts[c] == 0 {
			return "", fmt.Errorf("the trial balance has no %s account", c)
		}
		if sums[c] != 0 || tb.Totals[c] != 0 {
			return "", fmt.Errorf("%s sums to %d, the yard says %d, not to zero", c, sums[c], tb.Totals[c])
		}
		said = append(said, fmt.Sprintf("%s: %d accounts sum to 0", c, accounts[c]))
	}
	if !tb.Sound {
		return "", fmt.Errorf("the yard itself says that its books are not sound")
	}
	return strings.Join(said, " · ") + fmt.Sprintf(" · %d entries", tb.Entries), nil
}
