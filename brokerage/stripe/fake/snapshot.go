package fake

import "time"

// Snapshot is the double's state as /_double/state shows it: enough to compare
// a ledger with. All amounts are cents.
type Snapshot struct {
	Available int64 `json:"available"` // the platform's balance
	Pending   int64 `json:"pending"`
	Fees      int64 `json:"fees"`     // kept by the provider so far
	Funded    int64 `json:"funded"`   // ever received from banks
	Returned  int64 `json:"returned"` // ever sent back to banks
	Held      bool  `json:"held"`     // webhooks wait

	Customers  []CustomerState `json:"customers"`
	Payments   []PaymentState  `json:"payments"`
	Accounts   []AccountState  `json:"accounts"`
	Transfers  []TransferState `json:"transfers"`
	Refunds    []RefundState   `json:"refunds"`
	Deliveries []DeliveryState `json:"deliveries"`
}

// CustomerState is one customer and the cash not applied to any payment.
type CustomerState struct {
	ID            string            `json:"id"`
	Name          string            `json:"name"`
	AccountNumber string            `json:"account_number"`
	Cash          int64             `json:"cash"`
	Metadata      map[string]string `json:"metadata"`
}

// PaymentState is one PaymentIntent.
type PaymentState struct {
	ID        string            `json:"id"`
	Customer  string            `json:"customer"`
	Status    string            `json:"status"`
	Amount    int64             `json:"amount"`
	Applied   int64             `json:"applied"`
	Refunded  int64             `json:"refunded"`
	Reference string            `json:"reference"`
	Group     string            `json:"transfer_group"`
	Metadata  map[string]string `json:"metadata"`
}

// AccountState is one connected account and what it holds.
type AccountState struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	Balance   int64             `json:"balance"`
	Transfers string            `json:"transfers"` // status of the capability
	Metadata  map[string]string `json:"metadata"`
}

// TransferState is one transfer to a connected account.
type TransferState struct {
	ID          string            `json:"id"`
	Destination string            `json:"destination"`
	Amount      int64             `json:"amount"`
	Reversed    int64             `json:"reversed"`
	Group       string            `json:"transfer_group"`
	Metadata    map[string]string `json:"metadata"`
}

// RefundState is one refund, of a payment or of cash.
type RefundState struct {
	ID      string `json:"id"`
	Payment string `json:"payment"`
	Amount  int64  `json:"amount"`
	Status  string `json:"status"`
}

// DeliveryState is one copy of one event.
type DeliveryState struct {
	Event       string     `json:"event"`
	Type        string     `json:"type"`
	Subject     string     `json:"subject"`
	Copy        int        `json:"copy"`
	Attempts    int        `json:"attempts"`
	LastStatus  int        `json:"last_status"`
	LastError   string     `json:"last_error,omitempty"`
	NotBefore   time.Time  `json:"not_before"`
	DeliveredAt *time.Time `json:"delivered_at"`
}

// Snapshot copies the double's state.
func (d *Double) Snapshot() Snapshot {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.snapshot()
}

func (d *Double) snapshot() Snapshot {
	t := d.begin()
	s := Snapshot{Held: t.Held}
	s.Available, s.Pending = t.balances()
	for _, b := range t.Txns.rows {
		s.Fees += b.Fee
	}
	for _, m := range t.CashTxns.rows {
		if m.Type == "funded" {
			s.Funded += m.NetAmount
		}
	}
	s.Customers = wires(t.Customers.rows, func(r *customerRow) CustomerState {
		return CustomerState{r.Wire.ID, text(r.Wire.Name), r.Account, r.Cash, r.Wire.Metadata}
	})
	s.Payments = wires(t.Intents.rows, t.paymentState)
	s.Accounts = wires(t.Accounts.rows, func(r *accountRow) AccountState {
		return AccountState{r.Wire.ID, text(r.Wire.BusinessProfile.Name), r.Balance, r.Wire.Capabilities["transfers"], r.Wire.Metadata}
	})
	s.Transfers = wires(t.Transfers.rows, func(r *transfer) TransferState {
		return TransferState{r.ID, r.Destination, r.Amount, r.AmountReversed, text(r.TransferGroup), r.Metadata}
	})
	s.Refunds = wires(t.Refunds.rows, func(r *refundRow) RefundState {
		s.Returned += r.Wire.Amount
		return RefundState{r.Wire.ID, text(r.Wire.PaymentIntent), r.Wire.Amount, r.Wire.Status}
	})
	s.Deliveries = wires(t.Deliveries, func(v *delivery) DeliveryState {
		out := DeliveryState{
			Event: v.Event, Copy: v.Copy, Attempts: v.Attempts, LastStatus: v.LastStatus, LastError: v.LastError,
			NotBefore: v.NotBefore, DeliveredAt: v.DeliveredAt,
		}
		if ev, ok := t.Events.get(v.Event); ok {
			out.Type, out.Subject = ev.Type, ev.Subject
		}
		return out
	})
	return s
}

func (t *tx) paymentState(r *intentRow) PaymentState {
	out := PaymentState{
		ID: r.Wire.ID, Customer: text(r.Wire.Customer), Status: r.Wire.Status, Amount: r.Wire.Amount, Applied: r.Applied,
		Reference: r.Reference, Group: text(r.Wire.TransferGroup), Metadata: r.Wire.Metadata,
	}
	if ch, ok := t.Charges.get(text(r.Wire.LatestCharge)); ok {
		out.Refunded = ch.AmountRefunded
	}
	return out
}
