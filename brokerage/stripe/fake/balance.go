package fake

import "time"

// book writes one movement of the platform's balance and returns its id.
func (t *tx) book(kind, category, source string, amount, fee int64, settle time.Duration) string {
	b := &balanceTxn{
		ID: newID("txn_"), Object: "balance_transaction", Amount: amount, AvailableOn: t.now.Add(settle).Unix(),
		Created: t.unix(), Currency: "usd", Fee: fee, FeeDetails: []feeDetail{}, Net: amount - fee,
		ReportingCategory: category, Source: source, Type: kind,
	}
	if fee > 0 {
		b.FeeDetails = append(b.FeeDetails, feeDetail{Amount: fee, Currency: "usd", Description: "Stripe processing fees", Type: "stripe_fee"})
	}
	t.Txns.add(b)
	return b.ID
}

// balances sums the platform's movements by whether they have settled.
func (t *tx) balances() (available, waiting int64) {
	for _, b := range t.Txns.rows {
		if b.AvailableOn <= t.unix() {
			available += b.Net
		} else {
			waiting += b.Net
		}
	}
	return available, waiting
}

func (t *tx) available() int64 {
	v, _ := t.balances()
	return v
}

func inUSD(v int64) []balanceAmount {
	return []balanceAmount{{Amount: v, Currency: "usd", SourceTypes: map[string]int64{"card": v}}}
}

// getBalance is the platform's, or with Stripe-Account a connected account's.
func getBalance(c *call) (any, *apiError) {
	if e := c.done(); e != nil {
		return nil, e
	}
	available, waiting := c.balances()
	if c.account != "" {
		row, ok := c.Accounts.get(c.account)
		if !ok {
			return nil, missing("account", c.account, "account")
		}
		available, waiting = row.Balance, 0
	}
	return balance{Object: "balance", Available: inUSD(available), Pending: inUSD(waiting)}, nil
}

// settled shows a movement with its status now.
func (t *tx) settled(b *balanceTxn) *balanceTxn {
	out := *b
	out.Status = "pending"
	if b.AvailableOn <= t.unix() {
		out.Status = "available"
	}
	return &out
}

func getBalanceTxn(c *call) (any, *apiError) {
	if e := c.done(); e != nil {
		return nil, e
	}
	b, ok := c.Txns.get(c.id())
	if !ok {
		return nil, missing("balance_transaction", c.id(), "id")
	}
	return c.settled(b), nil
}

func listBalanceTxns(c *call) (any, *apiError) {
	kind, source, within := c.str("type"), c.str("source"), c.created()
	rows := where(c.Txns.rows, func(r *balanceTxn) bool {
		return matches(kind, r.Type) && matches(source, r.Source) && within(r.Created)
	})
	return orError(paginate(c, wires(rows, c.settled)))
}
