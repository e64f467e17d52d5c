package fake

func (r *refund) key() string { return r.ID }

func createRefund(c *call) (any, *apiError) {
	if c.str("origin") != "" {
		return refundCash(c)
	}
	piID, chID := c.str("payment_intent"), c.str("charge")
	amount := c.amount("amount")
	reason := c.want("reason", "duplicate", "fraudulent", "requested_by_customer")
	meta := c.metadata(nil)
	c.str("instructions_email")
	if piID == "" && chID == "" {
		c.fail(badParam("parameter_missing", "payment_intent", "One of the following params should be provided for this request: payment_intent or charge."))
	}
	if e := c.done(); e != nil {
		return nil, e
	}
	if piID != "" {
		row, ok := c.Intents.get(piID)
		if !ok {
			return nil, missing("payment_intent", piID, "payment_intent")
		}
		if row.Wire.LatestCharge == nil {
			return nil, refuse("", "payment_intent", "This PaymentIntent (%s) does not have a successful charge to refund.", piID)
		}
		chID = *row.Wire.LatestCharge
	}
	ch, ok := c.Charges.get(chID)
	if !ok {
		return nil, missing("charge", chID, "charge")
	}
	left := ch.Amount - ch.AmountRefunded
	if amount == 0 {
		amount = left
	}
	if e := c.refundable(ch, left, amount); e != nil {
		return nil, e
	}
	row := c.newRefund(amount, optional(reason), meta)
	row.Wire.Charge, row.Wire.PaymentIntent = &ch.ID, &ch.PaymentIntent
	txn := c.book("payment_refund", "refund", row.Wire.ID, -amount, 0, 0)
	row.Wire.BalanceTransaction = &txn
	ch.AmountRefunded += amount
	ch.Refunded = ch.AmountRefunded == ch.Amount
	c.emit("charge.refunded", ch.ID, ch)
	return row.Wire, nil
}

func (c *call) refundable(ch *charge, left, amount int64) *apiError {
	switch {
	case left == 0:
		return refuse("charge_already_refunded", "", "Charge %s has already been refunded.", ch.ID)
	case amount > left:
		return refuse("", "amount", "Refund amount (%s) is greater than unrefunded amount on charge (%s)", dollars(amount), dollars(left))
	case amount > c.available():
		return refuse("balance_insufficient", "", "Insufficient funds in your Stripe balance to refund this amount.")
	}
	return nil
}

func (t *tx) newRefund(amount int64, reason *string, meta metadata) *refundRow {
	row := &refundRow{
		Wire: refund{
			ID: newID("re_"), Object: "refund", Amount: amount, Created: t.unix(), Currency: "usd",
			Metadata: meta, Reason: reason, Status: "pending",
		},
		Due: t.now.Add(t.cfg.Platform.RefundAfter).UnixMilli(),
	}
	t.Refunds.add(row)
	return row
}

// refundCash sends money back that lies unapplied in a customer's cash balance.
func refundCash(c *call) (any, *apiError) {
	c.want("origin", "customer_balance")
	custID, amount := c.need("customer"), c.amount("amount")
	c.need("amount")
	c.currency()
	meta := c.metadata(nil)
	c.str("instructions_email")
	if e := c.done(); e != nil {
		return nil, e
	}
	cust, ok := c.Customers.get(custID)
	if !ok {
		return nil, missing("customer", custID, "customer")
	}
	if amount > cust.Cash {
		return nil, refuse("balance_insufficient", "amount", "The customer's cash balance holds %s.", dollars(cust.Cash))
	}
	c.moveCash(cust, "return_initiated", -amount)
	row := c.newRefund(amount, nil, meta)
	c.emit("refund.created", row.Wire.ID, row.Wire)
	return row.Wire, nil
}

// settleRefunds lets the payers' banks receive what is due. It reports
// whether anything changed and when the next one is due (0: none).
func (t *tx) settleRefunds() (changed bool, next int64) {
	now := t.now.UnixMilli()
	for _, row := range t.Refunds.rows {
		switch {
		case row.Wire.Status != "pending":
		case row.Due > now:
			if next == 0 || row.Due < next {
				next = row.Due
			}
		default:
			row.Wire.Status = succeeded
			kind := "refund.updated"
			if row.Wire.Charge != nil {
				kind = "charge.refund.updated"
			}
			t.emit(kind, row.Wire.ID, row.Wire)
			changed = true
		}
	}
	return changed, next
}

func getRefund(c *call) (any, *apiError) {
	if e := c.done(); e != nil {
		return nil, e
	}
	row, ok := c.Refunds.get(c.id())
	if !ok {
		return nil, missing("refund", c.id(), "id")
	}
	return row.Wire, nil
}

func listRefunds(c *call) (any, *apiError) {
	piID, chID, within := c.str("payment_intent"), c.str("charge"), c.created()
	rows := where(c.Refunds.rows, func(r *refundRow) bool {
		return matches(piID, text(r.Wire.PaymentIntent)) && matches(chID, text(r.Wire.Charge)) && within(r.Wire.Created)
	})
	return orError(paginate(c, wires(rows, func(r *refundRow) *refund { return &r.Wire })))
}
