package fake

import "time"

func (a *account) key() string    { return a.ID }
func (c *capability) key() string { return c.ID }

func createAccount(c *call) (any, *apiError) {
	kind := c.want("type", "express", "custom")
	c.need("type")
	country := c.str("country")
	if country == "" {
		country = "US"
	}
	w := account{
		ID: newID("acct_")[:21], Object: "account", BusinessProfile: businessProfile{Name: c.opt("business_profile[name]")},
		Capabilities: map[string]string{}, Country: country, Created: c.unix(), DefaultCurrency: "usd",
		Email: c.opt("email"), Metadata: c.metadata(nil), Requirements: nothingDue(), Type: kind,
	}
	if c.flag("capabilities[transfers][requested]") {
		w.Capabilities["transfers"] = active
	}
	if e := c.done(); e != nil {
		return nil, e
	}
	row := &accountRow{Wire: w}
	row.settle()
	c.Accounts.add(row)
	c.emitFor(w.ID, "account.updated", w.ID, row.Wire)
	return row.Wire, nil
}

// The statuses of a capability.
const (
	active   = "active"
	inactive = "inactive"
	pending  = "pending"
)

func nothingDue() requirements {
	return requirements{CurrentlyDue: []string{}, EventuallyDue: []string{}, PastDue: []string{}}
}

// settle makes the account's flags follow its transfers capability.
func (a *accountRow) settle() {
	on := a.Wire.Capabilities["transfers"] == active
	a.Wire.DetailsSubmitted, a.Wire.PayoutsEnabled = on, on
	a.Wire.Requirements = nothingDue()
	if a.Wire.Capabilities["transfers"] == inactive {
		a.Wire.Requirements.CurrentlyDue = []string{"external_account"}
		a.Wire.Requirements.DisabledReason = optional("requirements.past_due")
	}
}

func (c *call) accountRow() (*accountRow, *apiError) {
	row, ok := c.Accounts.get(c.id())
	if !ok {
		return nil, &apiError{
			Status: 403, Type: typeInvalid, Code: "account_invalid",
			Message: "The provided key does not have access to account '" + c.id() + "' (or that account does not exist).",
		}
	}
	return row, nil
}

func getAccount(c *call) (any, *apiError) {
	if e := c.done(); e != nil {
		return nil, e
	}
	row, e := c.accountRow()
	if e != nil {
		return nil, e
	}
	return row.Wire, nil
}

func listAccounts(c *call) (any, *apiError) {
	within := c.created()
	rows := where(c.Accounts.rows, func(r *accountRow) bool { return within(r.Wire.Created) })
	return orError(paginate(c, wires(rows, func(r *accountRow) *account { return &r.Wire })))
}

func (a *accountRow) capability(name string) *capability {
	status, ok := a.Wire.Capabilities[name]
	if !ok {
		status = "unrequested"
	}
	return &capability{
		ID: name, Object: "capability", Account: a.Wire.ID, Requested: ok,
		RequestedAt: a.Wire.Created, Requirements: a.Wire.Requirements, Status: status,
	}
}

func listCapabilities(c *call) (any, *apiError) {
	row, e := c.accountRow()
	if e != nil {
		return nil, e
	}
	return orError(paginate(c, []*capability{row.capability("transfers")}))
}

func getCapability(c *call) (any, *apiError) {
	if e := c.done(); e != nil {
		return nil, e
	}
	row, e := c.accountRow()
	if e != nil {
		return nil, e
	}
	return row.capability(c.r.PathValue("capability")), nil
}

func requestCapability(c *call) (any, *apiError) {
	want := c.flag("requested")
	if e := c.done(); e != nil {
		return nil, e
	}
	row, e := c.accountRow()
	if e != nil {
		return nil, e
	}
	if name := c.r.PathValue("capability"); name != "transfers" {
		return nil, badParam("", "capability", "The double plays the transfers capability only.")
	}
	if _, has := row.Wire.Capabilities["transfers"]; want && !has {
		c.setTransfers(row, active)
	}
	return row.capability("transfers"), nil
}

// setTransfers changes the transfers capability, as onboarding or a review would.
func (t *tx) setTransfers(row *accountRow, status string) {
	row.Wire.Capabilities["transfers"] = status
	row.settle()
	t.emitFor(row.Wire.ID, "capability.updated", row.Wire.ID, row.capability("transfers"))
	t.emitFor(row.Wire.ID, "account.updated", row.Wire.ID, row.Wire)
}

func createAccountLink(c *call) (any, *apiError) {
	id := c.need("account")
	c.want("type", "account_onboarding", "account_update")
	c.need("type")
	back := c.need("return_url")
	c.need("refresh_url")
	if e := c.done(); e != nil {
		return nil, e
	}
	if _, ok := c.Accounts.get(id); !ok {
		return nil, missing("account", id, "account")
	}
	// Onboarding is one step here: the seller comes straight back, accepted.
	return accountLink{Object: "account_link", Created: c.unix(), ExpiresAt: c.now.Add(5 * time.Minute).Unix(), URL: back}, nil
}

func createTransfer(c *call) (any, *apiError) {
	amount := c.amount("amount")
	c.need("amount")
	c.currency()
	dest := c.need("destination")
	tr := &transfer{
		ID: newID("tr_"), Object: "transfer", Amount: amount, Created: c.unix(), Currency: "usd",
		Description: c.opt("description"), Destination: dest, Metadata: c.metadata(nil), SourceType: "card",
		TransferGroup: c.opt("transfer_group"), SourceTransaction: c.opt("source_transaction"),
	}
	if e := c.done(); e != nil {
		return nil, e
	}
	row, ok := c.Accounts.get(dest)
	switch {
	case !ok:
		return nil, missing("destination", dest, "destination")
	case row.Wire.Capabilities["transfers"] != active:
		return nil, refuse("insufficient_capabilities_for_transfer", "destination",
			"Your destination account needs to have at least one of the following capabilities enabled: transfers, crypto_transfers, legacy_payments")
	}
	if e := c.coverTransfer(tr); e != nil {
		return nil, e
	}
	tr.BalanceTransaction = c.book("transfer", "transfer", tr.ID, -amount, 0, 0)
	tr.DestinationPayment = newID("py_")
	tr.Reversals = reversalList{Object: "list", Data: []*reversal{}, URL: "/v1/transfers/" + tr.ID + "/reversals"}
	row.Balance += amount
	c.Transfers.add(tr)
	c.emit("transfer.created", tr.ID, tr)
	return tr, nil
}

// coverTransfer checks that the platform has the money.
func (c *call) coverTransfer(tr *transfer) *apiError {
	have := c.available()
	if src := text(tr.SourceTransaction); src != "" {
		ch, ok := c.Charges.get(src)
		if !ok {
			return missing("charge", src, "source_transaction")
		}
		// A transfer of a charge waits for its funds instead of failing, but
		// never exceeds them.
		have = ch.Amount - ch.AmountRefunded
		for _, other := range c.Transfers.rows {
			if text(other.SourceTransaction) == src {
				have -= other.Amount - other.AmountReversed
			}
		}
	}
	if tr.Amount > have {
		return refuse("balance_insufficient", "",
			"You have insufficient available funds in your Stripe account. Try adding funds directly to your available balance by creating Charges using the 4000000000000077 test card. See: https://stripe.com/docs/testing#available-balance")
	}
	return nil
}

func getTransfer(c *call) (any, *apiError) {
	if e := c.done(); e != nil {
		return nil, e
	}
	tr, ok := c.Transfers.get(c.id())
	if !ok {
		return nil, missing("transfer", c.id(), "id")
	}
	return tr, nil
}

func listTransfers(c *call) (any, *apiError) {
	group, dest, within := c.str("transfer_group"), c.str("destination"), c.created()
	return orError(paginate(c, where(c.Transfers.rows, func(r *transfer) bool {
		return matches(group, text(r.TransferGroup)) && matches(dest, r.Destination) && within(r.Created)
	})))
}

func createReversal(c *call) (any, *apiError) {
	amount := c.amount("amount")
	c.opt("description")
	meta := c.metadata(nil)
	if e := c.done(); e != nil {
		return nil, e
	}
	tr, ok := c.Transfers.get(c.id())
	if !ok {
		return nil, missing("transfer", c.id(), "id")
	}
	left := tr.Amount - tr.AmountReversed
	if amount == 0 {
		amount = left
	}
	row, _ := c.Accounts.get(tr.Destination)
	switch {
	case left == 0:
		return nil, refuse("", "", "This transfer has already been fully reversed.")
	case amount > left:
		return nil, refuse("", "amount", "Reversal amount (%s) is greater than unreversed amount on transfer (%s)", dollars(amount), dollars(left))
	case amount > row.Balance:
		return nil, refuse("balance_insufficient", "", "Insufficient funds in the connected account to reverse this amount.")
	}
	rev := &reversal{
		ID: newID("trr_"), Object: "transfer_reversal", Amount: amount, Created: c.unix(), Currency: "usd",
		Metadata: meta, Transfer: tr.ID,
	}
	rev.BalanceTransaction = c.book("transfer_refund", "transfer_reversal", rev.ID, amount, 0, 0)
	row.Balance -= amount
	tr.AmountReversed += amount
	tr.Reversed = tr.AmountReversed == tr.Amount
	tr.Reversals.Data = append([]*reversal{rev}, tr.Reversals.Data...)
	c.emit("transfer.reversed", tr.ID, tr)
	return rev, nil
}

func listReversals(c *call) (any, *apiError) {
	tr, ok := c.Transfers.get(c.id())
	if !ok {
		return nil, missing("transfer", c.id(), "id")
	}
	rows := make([]*reversal, 0, len(tr.Reversals.Data))
	for i := range tr.Reversals.Data { // kept newest first; paginate wants oldest first
		rows = append(rows, tr.Reversals.Data[len(tr.Reversals.Data)-1-i])
	}
	return orError(paginate(c, rows))
}
