package fake

import (
	"encoding/json"
	"fmt"
)

// The states of a PaymentIntent by bank transfer.
const (
	requiresMethod       = "requires_payment_method"
	requiresConfirmation = "requires_confirmation"
	requiresAction       = "requires_action"
	succeeded            = "succeeded"
	canceled             = "canceled"
)

// What can happen to a PaymentIntent.
const (
	onConfirm = "confirm"
	onPart    = "part" // some of the money was applied
	onFull    = "full" // all of it
	onCancel  = "cancel"
)

// nextStatus returns the status after an event; "" means the event is refused.
func nextStatus(from, on string) string {
	next := map[string]map[string]string{
		requiresMethod:       {onCancel: canceled},
		requiresConfirmation: {onConfirm: requiresAction, onCancel: canceled},
		requiresAction:       {onPart: requiresAction, onFull: succeeded, onCancel: canceled},
		succeeded:            {},
		canceled:             {},
	}
	return next[from][on]
}

func (p *paymentIntent) key() string { return p.ID }

// The API's bounds on a payment in usd: 50 cents, eight digits.
const (
	minPayment = 50
	maxPayment = 99_999_999
)

func createIntent(c *call) (any, *apiError) {
	amount := c.amount("amount")
	c.need("amount")
	cur := c.currency()
	custID := c.str("customer")
	types := c.list("payment_method_types")
	method := c.want("payment_method_data[type]", "customer_balance")
	c.want("payment_method_options[customer_balance][funding_type]", "bank_transfer")
	bank := c.want("payment_method_options[customer_balance][bank_transfer][type]", "us_bank_transfer")
	c.want("capture_method", "automatic", "automatic_async")
	c.want("confirmation_method", "automatic")
	confirm := c.flag("confirm")
	w := paymentIntent{
		ID: newID("pi_"), Object: "payment_intent", Amount: amount, AmountDetails: json.RawMessage(`{"tip":{}}`),
		CaptureMethod: "automatic", ConfirmationMethod: "automatic", Created: c.unix(), Currency: cur,
		Customer: optional(custID), Description: c.opt("description"), Metadata: c.metadata(nil),
		PaymentMethodOptions: json.RawMessage(`{}`), PaymentMethodTypes: types, Status: requiresMethod,
		TransferGroup: c.opt("transfer_group"),
	}
	w.ClientSecret = w.ID + "_secret_" + newID("")
	if e := c.done(); e != nil {
		return nil, e
	}
	if e := checkIntent(amount, types, method, bank, custID, confirm); e != nil {
		return nil, e
	}
	if _, ok := c.Customers.get(custID); custID != "" && !ok {
		return nil, missing("customer", custID, "customer")
	}
	if method != "" {
		w.PaymentMethod, w.Status = optional(newID("pm_")), requiresConfirmation
		w.PaymentMethodOptions = json.RawMessage(`{"customer_balance":{"bank_transfer":{"type":"us_bank_transfer"},"funding_type":"bank_transfer"}}`)
	}
	row := &intentRow{Wire: w, Reference: newID("")[:12]}
	c.Intents.add(row)
	c.emit("payment_intent.created", w.ID, row.Wire)
	if confirm {
		c.confirm(row)
	}
	return row.Wire, nil
}

func checkIntent(amount int64, types []string, method, bank, custID string, confirm bool) *apiError {
	switch {
	case amount < minPayment:
		return refuse("amount_too_small", "amount", "Amount must be at least $0.50 usd")
	case amount > maxPayment:
		return refuse("amount_too_large", "amount", "Amount must be no more than $999,999.99")
	case len(types) != 1 || types[0] != "customer_balance":
		return badParam("", "payment_method_types", "The double plays payment_method_types[0]=customer_balance only.")
	case confirm && method == "":
		return refuse("payment_intent_unexpected_state", "payment_method", "You cannot confirm this PaymentIntent because it's missing a payment method.")
	case method != "" && bank == "":
		return badParam("parameter_missing", "payment_method_options[customer_balance][bank_transfer]",
			"Missing required param: payment_method_options[customer_balance][bank_transfer].")
	case method != "" && custID == "":
		return badParam("parameter_missing", "customer", "The customer_balance payment method requires a customer.")
	}
	return nil
}

// unexpected is the API's answer to an event that the state refuses.
func unexpected(w paymentIntent, verb string) *apiError {
	return refuse("payment_intent_unexpected_state", "",
		"You cannot %s this PaymentIntent because it has a status of %s.", verb, w.Status)
}

func (c *call) intent() (*intentRow, *apiError) {
	row, ok := c.Intents.get(c.id())
	if !ok {
		return nil, missing("payment_intent", c.id(), "id")
	}
	return row, nil
}

func getIntent(c *call) (any, *apiError) {
	c.str("client_secret")
	if e := c.done(); e != nil {
		return nil, e
	}
	row, e := c.intent()
	if e != nil {
		return nil, e
	}
	return row.Wire, nil
}

func listIntents(c *call) (any, *apiError) {
	custID, within := c.str("customer"), c.created()
	rows := where(c.Intents.rows, func(r *intentRow) bool {
		return matches(custID, text(r.Wire.Customer)) && within(r.Wire.Created)
	})
	return orError(paginate(c, wires(rows, func(r *intentRow) *paymentIntent { return &r.Wire })))
}

func confirmIntent(c *call) (any, *apiError) {
	if e := c.done(); e != nil {
		return nil, e
	}
	row, e := c.intent()
	if e != nil {
		return nil, e
	}
	if nextStatus(row.Wire.Status, onConfirm) == "" {
		return nil, unexpected(row.Wire, "confirm")
	}
	c.confirm(row)
	return row.Wire, nil
}

// confirm opens the payment for money; cash that already lies there counts.
func (t *tx) confirm(row *intentRow) {
	row.Wire.Status = nextStatus(row.Wire.Status, onConfirm)
	cust, _ := t.Customers.get(text(row.Wire.Customer))
	row.show(cust)
	if cust.Cash < row.remaining() || cust.Manual {
		t.emit("payment_intent.requires_action", row.Wire.ID, row.Wire)
	}
	t.reconcile(cust, "")
}

// show writes where to send the money that is still missing.
func (i *intentRow) show(cust *customerRow) {
	i.Wire.NextAction = &nextAction{
		Type: "display_bank_transfer_instructions",
		Instructions: &instructions{
			AmountRemaining: i.remaining(), Currency: "usd", Reference: i.Reference, Type: "us_bank_transfer",
			FinancialAddresses: []financialAddress{
				{
					Type: "aba", SupportedNetworks: []string{"ach", "domestic_wire_us"},
					ABA: &abaAddress{AccountNumber: cust.Account, BankName: "US Test Bank", RoutingNumber: "999999999"},
				},
				{
					Type: "swift", SupportedNetworks: []string{"swift"},
					Swift: &swiftAddress{AccountNumber: cust.Account, BankName: "US Test Bank", SwiftCode: "TESTUS99XXX"},
				},
			},
		},
	}
}

// apply moves cash into a payment: all that is missing makes it succeed,
// less leaves it waiting, partially funded.
func (t *tx) apply(cust *customerRow, row *intentRow, amount int64) {
	on := onPart
	if amount == row.remaining() {
		on = onFull
	}
	to := nextStatus(row.Wire.Status, on)
	if amount <= 0 || to == "" {
		return
	}
	m := t.moveCash(cust, "applied_to_payment", -amount)
	m.AppliedToPayment = &paymentLink{PaymentIntent: row.Wire.ID}
	row.Applied += amount
	row.Wire.Status = to
	if on == onPart {
		row.show(cust)
		t.emit("payment_intent.partially_funded", row.Wire.ID, row.Wire)
		return
	}
	row.Wire.NextAction = nil
	row.Wire.AmountReceived = row.Wire.Amount
	ch := t.charge(row)
	row.Wire.LatestCharge = &ch.ID
	t.emit("charge.succeeded", ch.ID, ch)
	t.emit("payment_intent.succeeded", row.Wire.ID, row.Wire)
}

// charge books a payment that succeeded into the platform's balance.
func (t *tx) charge(row *intentRow) *charge {
	w := row.Wire
	ch := &charge{
		ID: newID("py_"), Object: "charge", Amount: w.Amount, AmountCaptured: w.Amount, Captured: true,
		Created: t.unix(), Currency: "usd", Customer: w.Customer, Description: w.Description, Metadata: w.Metadata,
		Paid: true, PaymentIntent: w.ID, PaymentMethod: w.PaymentMethod, Status: succeeded, TransferGroup: w.TransferGroup,
	}
	ch.BalanceTransaction = t.book("payment", "charge", ch.ID, w.Amount, t.fee(w.Amount), t.cfg.Platform.SettleAfter)
	t.Charges.add(ch)
	return ch
}

// fee is what the provider keeps of a payment.
func (t *tx) fee(amount int64) int64 {
	p := t.cfg.Platform
	fee := (amount*p.FeeBasisPoints + 5_000) / 10_000 // eight digits times basis points fit easily
	if p.FeeCap > 0 {
		fee = min(fee, p.FeeCap)
	}
	return fee
}

func cancelIntent(c *call) (any, *apiError) {
	reason := c.want("cancellation_reason", "duplicate", "fraudulent", "requested_by_customer", "abandoned")
	if e := c.done(); e != nil {
		return nil, e
	}
	row, e := c.intent()
	if e != nil {
		return nil, e
	}
	to := nextStatus(row.Wire.Status, onCancel)
	if to == "" {
		return nil, unexpected(row.Wire, "cancel")
	}
	row.Wire.Status, row.Wire.NextAction = to, nil
	row.Wire.CancellationReason = optional(reason)
	at := c.unix()
	row.Wire.CanceledAt = &at
	c.emit("payment_intent.canceled", row.Wire.ID, row.Wire)
	if row.Applied > 0 { // the money goes back to the customer's cash balance
		cust, _ := c.Customers.get(text(row.Wire.Customer))
		m := c.moveCash(cust, "unapplied_from_payment", row.Applied)
		m.UnappliedFromPayment = &paymentLink{PaymentIntent: row.Wire.ID}
		row.Applied = 0
		c.reconcile(cust, "")
	}
	return row.Wire, nil
}

// applyCash reconciles by hand.
func applyCash(c *call) (any, *apiError) {
	amount := c.amount("amount")
	if c.str("currency") != "" {
		c.currency()
	}
	if e := c.done(); e != nil {
		return nil, e
	}
	row, e := c.intent()
	if e != nil {
		return nil, e
	}
	if row.Wire.Status != requiresAction {
		return nil, unexpected(row.Wire, "apply customer balance to")
	}
	cust, _ := c.Customers.get(text(row.Wire.Customer))
	if amount == 0 {
		amount = min(row.remaining(), cust.Cash)
	}
	if amount == 0 || amount > cust.Cash || amount > row.remaining() {
		return nil, refuse("", "amount", "The customer has %s available and the payment misses %s.", dollars(cust.Cash), dollars(row.remaining()))
	}
	c.apply(cust, row, amount)
	return row.Wire, nil
}

func dollars(cents int64) string { return fmt.Sprintf("$%d.%02d", cents/100, cents%100) }

func getCharge(c *call) (any, *apiError) {
	if e := c.done(); e != nil {
		return nil, e
	}
	ch, ok := c.Charges.get(c.id())
	if !ok {
		return nil, missing("charge", c.id(), "id")
	}
	return ch, nil
}
