package fake

import (
	"fmt"
	"strings"
)

func (c *customer) key() string { return c.ID }

func createCustomer(c *call) (any, *apiError) {
	row := &customerRow{Wire: customer{
		ID: newID("cus_"), Object: "customer", Created: c.unix(), TaxExempt: "none",
		Name: c.opt("name"), Email: c.opt("email"), Description: c.opt("description"),
		Metadata: c.metadata(nil), PreferredLocales: []string{},
	}}
	if e := c.done(); e != nil {
		return nil, e
	}
	n := c.next()
	row.Wire.InvoicePrefix = strings.ToUpper(row.Wire.ID[4:12])
	row.Account = fmt.Sprintf("11119%012d", n) // unique, as long as a real virtual account's
	c.Customers.add(row)
	c.emit("customer.created", row.Wire.ID, row.Wire)
	return row.Wire, nil
}

func getCustomer(c *call) (any, *apiError) {
	if e := c.done(); e != nil {
		return nil, e
	}
	row, ok := c.Customers.get(c.id())
	if !ok {
		return nil, missing("customer", c.id(), "id")
	}
	return row.Wire, nil
}

func updateCustomer(c *call) (any, *apiError) {
	row, ok := c.Customers.get(c.id())
	if !ok {
		return nil, missing("customer", c.id(), "id")
	}
	name, email, about := c.opt("name"), c.opt("email"), c.opt("description")
	meta := c.metadata(row.Wire.Metadata)
	if e := c.done(); e != nil {
		return nil, e
	}
	w := &row.Wire
	for _, set := range []struct{ to, from **string }{{&w.Name, &name}, {&w.Email, &email}, {&w.Description, &about}} {
		if *set.from != nil {
			*set.to = *set.from
		}
	}
	w.Metadata = meta
	c.emit("customer.updated", w.ID, *w)
	return *w, nil
}

func listCustomers(c *call) (any, *apiError) {
	email, within := c.str("email"), c.created()
	rows := where(c.Customers.rows, func(r *customerRow) bool {
		return matches(email, text(r.Wire.Email)) && within(r.Wire.Created)
	})
	return orError(paginate(c, wires(rows, func(r *customerRow) *customer { return &r.Wire })))
}

// orError drops the empty page beside an error.
func orError[P any](p page[P], e *apiError) (any, *apiError) {
	if e != nil {
		return nil, e
	}
	return p, nil
}

func (c *customerRow) cashBalance() cashBalance {
	out := cashBalance{Object: "cash_balance", Customer: c.Wire.ID}
	if c.Cash != 0 {
		out.Available = map[string]int64{"usd": c.Cash}
	}
	out.Settings.ReconciliationMode, out.Settings.UsingMerchantDefault = "automatic", !c.Manual
	if c.Manual {
		out.Settings.ReconciliationMode = "manual"
	}
	return out
}

func getCashBalance(c *call) (any, *apiError) {
	if e := c.done(); e != nil {
		return nil, e
	}
	row, ok := c.Customers.get(c.id())
	if !ok {
		return nil, missing("customer", c.id(), "id")
	}
	return row.cashBalance(), nil
}

func updateCashBalance(c *call) (any, *apiError) {
	mode := c.want("settings[reconciliation_mode]", "automatic", "manual", "merchant_default")
	if e := c.done(); e != nil {
		return nil, e
	}
	row, ok := c.Customers.get(c.id())
	if !ok {
		return nil, missing("customer", c.id(), "id")
	}
	if mode != "" {
		row.Manual = mode == "manual"
	}
	c.reconcile(row, "")
	return row.cashBalance(), nil
}

func listCashTxns(c *call) (any, *apiError) {
	if _, ok := c.Customers.get(c.id()); !ok {
		return nil, missing("customer", c.id(), "id")
	}
	rows := where(c.CashTxns.rows, func(r *cashTxn) bool { return r.Customer == c.id() })
	return orError(paginate(c, rows))
}

// fundCashBalance is the test helper by which money arrives: what a buyer's
// bank does in the real world.
func fundCashBalance(c *call) (any, *apiError) {
	amount, reference := c.amount("amount"), c.str("reference")
	c.need("amount")
	c.currency()
	if e := c.done(); e != nil {
		return nil, e
	}
	row, ok := c.Customers.get(c.id())
	if !ok {
		return nil, missing("customer", c.id(), "id")
	}
	return c.fund(row, amount, reference), nil
}

// fund books an incoming bank transfer and applies it to what is open.
func (t *tx) fund(row *customerRow, amount int64, reference string) *cashTxn {
	in := t.moveCash(row, "funded", amount)
	in.Funded = &fundedDetail{}
	in.Funded.BankTransfer.Reference = optional(reference)
	in.Funded.BankTransfer.Type = "us_bank_transfer"
	in.Funded.BankTransfer.USBankTransfer.Network = "ach"
	t.emit("customer_cash_balance_transaction.created", in.ID, in)
	t.reconcile(row, reference)
	if row.Cash > 0 {
		t.emit("cash_balance.funds_available", row.Wire.ID, row.cashBalance())
	}
	return in
}

// moveCash books one movement of a customer's cash balance.
func (t *tx) moveCash(row *customerRow, kind string, net int64) *cashTxn {
	row.Cash += net
	m := &cashTxn{
		ID: newID("ccsbtxn_"), Object: "customer_cash_balance_transaction", Created: t.unix(),
		Currency: "usd", Customer: row.Wire.ID, EndingBalance: row.Cash, NetAmount: net, Type: kind,
	}
	t.CashTxns.add(m)
	return m
}

// reconcile applies a customer's cash to the payments awaiting it: first the
// one whose reference the payer wrote, then the oldest.
func (t *tx) reconcile(row *customerRow, reference string) {
	if row.Manual {
		return
	}
	open := where(t.Intents.rows, func(i *intentRow) bool {
		return i.Wire.Status == requiresAction && text(i.Wire.Customer) == row.Wire.ID
	})
	for _, i := range open {
		if reference != "" && i.Reference == reference {
			t.apply(row, i, min(row.Cash, i.remaining()))
		}
	}
	for _, i := range open {
		t.apply(row, i, min(row.Cash, i.remaining()))
	}
}
