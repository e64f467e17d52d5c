package stripe

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	sdk "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/cashbalance"
	"github.com/stripe/stripe-go/v76/customer"
	"github.com/stripe/stripe-go/v76/paymentintent"
	"github.com/stripe/stripe-go/v76/refund"

	"hashyard"
	"hashyard/brokerage"
)

// What we write into the metadata of Stripe's objects.
const (
	metaOrg   = "org"
	metaTrade = "trade"
	metaKey   = "key" // the idempotency key that made it
)

// MaxPayment is the most that Stripe takes in one payment in dollars: eight
// digits of cents.
const MaxPayment hashyard.Cents = 99_999_999

// EnsureCustomer makes the paying side of an organisation. Within a day the
// same call gives the same customer; the caller stores the id.
func (r *Rail) EnsureCustomer(ctx context.Context, org hashyard.ID, name string) (string, error) {
	params := &sdk.CustomerParams{Name: sdk.String(name)}
	params.Context = ctx
	params.AddMetadata(metaOrg, org.String())
	params.SetIdempotencyKey("org-" + org.String() + "-customer-" + digest(name))
	c, err := customer.Client{B: r.api, Key: r.key}.New(params)
	if err != nil {
		return "", fault(err, "make customer of organisation %s", org)
	}
	return c.ID, nil
}

// digest keeps a renamed organisation's key from colliding with its old name.
func digest(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:6])
}

// OpenTransfer asks the buyer for a bank transfer and says where to send it.
func (r *Rail) OpenTransfer(ctx context.Context, req brokerage.PaymentRequest) (brokerage.RailPayment, error) {
	var none brokerage.RailPayment
	if err := needKey("open transfer", req.Key); err != nil {
		return none, err
	}
	if req.Amount <= 0 || req.Amount > MaxPayment {
		return none, hashyard.Invalid.Errorf("stripe: a payment of $%s is outside $0.01 … $%s", req.Amount, MaxPayment)
	}
	old, err := r.findPayment(ctx, req)
	if kind, ok := hashyard.KindOf(err); ok && kind == hashyard.Invalid {
		// The search was refused, which says nothing about what it would find.
		return none, hashyard.Unavailable.Errorf("%w", err)
	}
	if err != nil || old != nil {
		return paymentOr(old, err)
	}
	params := &sdk.PaymentIntentParams{
		Amount:             sdk.Int64(int64(req.Amount)),
		Currency:           sdk.String(string(sdk.CurrencyUSD)),
		Customer:           sdk.String(req.Customer),
		Confirm:            sdk.Bool(true),
		TransferGroup:      sdk.String(group(req.Group, req.Trade)),
		PaymentMethodTypes: sdk.StringSlice([]string{string(sdk.PaymentMethodTypeCustomerBalance)}),
		PaymentMethodData: &sdk.PaymentIntentPaymentMethodDataParams{
			Type: sdk.String(string(sdk.PaymentMethodTypeCustomerBalance)),
		},
		PaymentMethodOptions: &sdk.PaymentIntentPaymentMethodOptionsParams{
			CustomerBalance: &sdk.PaymentIntentPaymentMethodOptionsCustomerBalanceParams{
				FundingType: sdk.String("bank_transfer"),
				BankTransfer: &sdk.PaymentIntentPaymentMethodOptionsCustomerBalanceBankTransferParams{
					Type: sdk.String("us_bank_transfer"),
				},
			},
		},
	}
	params.Context = ctx
	params.AddMetadata(metaTrade, req.Trade.String())
	params.AddMetadata(metaKey, req.Key)
	pi, err := retry(req.Key, func(key string) (*sdk.PaymentIntent, error) {
		params.SetIdempotencyKey(key)
		return r.intents().New(params)
	})
	if err != nil {
		return none, fault(err, "open payment of trade %s", req.Trade)
	}
	return payment(pi), nil
}

func group(given string, trade hashyard.ID) string {
	if given != "" {
		return given
	}
	return "trade-" + trade.String()
}

func paymentOr(pi *sdk.PaymentIntent, err error) (brokerage.RailPayment, error) {
	if err != nil {
		return brokerage.RailPayment{}, err
	}
	return payment(pi), nil
}

// findPayment looks for the payment that the key made before, for retries
// after Stripe has forgotten the key. A trade's id tells since when to look.
func (r *Rail) findPayment(ctx context.Context, req brokerage.PaymentRequest) (*sdk.PaymentIntent, error) {
	params := &sdk.PaymentIntentListParams{Customer: sdk.String(req.Customer)}
	params.Context = ctx
	params.Limit = sdk.Int64(100)
	if since := req.Trade.Time().Unix() - 3600; since > 0 {
		params.CreatedRange = &sdk.RangeQueryParams{GreaterThanOrEqual: since}
	}
	it := r.intents().List(params)
	for it.Next() {
		pi := it.PaymentIntent()
		if pi.Metadata[metaKey] != req.Key {
			continue
		}
		if pi.Amount != int64(req.Amount) {
			return nil, hashyard.Conflict.Errorf("stripe: key %s already opened payment %s over $%s", req.Key, pi.ID, hashyard.Cents(pi.Amount))
		}
		return pi, nil
	}
	return nil, fault(it.Err(), "look for payment of trade %s", req.Trade)
}

func (r *Rail) intents() paymentintent.Client { return paymentintent.Client{B: r.api, Key: r.key} }

// Payment reads a payment afresh; a webhook is only a reason to look.
func (r *Rail) Payment(ctx context.Context, id string) (brokerage.RailPayment, error) {
	params := &sdk.PaymentIntentParams{}
	params.Context = ctx
	pi, err := r.intents().Get(id, params)
	if err != nil {
		return brokerage.RailPayment{}, fault(err, "read payment %s", id)
	}
	return payment(pi), nil
}

// CancelPayment takes back an open request. What had arrived for it returns to
// the customer's cash balance. A payment that has succeeded stays.
func (r *Rail) CancelPayment(ctx context.Context, id, key string) (brokerage.RailPayment, error) {
	if err := needKey("cancel payment", key); err != nil {
		return brokerage.RailPayment{}, err
	}
	params := &sdk.PaymentIntentCancelParams{CancellationReason: sdk.String(string(sdk.PaymentIntentCancellationReasonAbandoned))}
	params.Context = ctx
	params.SetIdempotencyKey(key)
	pi, err := r.intents().Cancel(id, params)
	var se *sdk.Error
	if errors.As(err, &se) && se.Code == sdk.ErrorCodePaymentIntentUnexpectedState {
		return r.Payment(ctx, id) // already paid or already canceled: say which
	}
	if err != nil {
		return brokerage.RailPayment{}, fault(err, "cancel payment %s", id)
	}
	return payment(pi), nil
}

// payment tells of a PaymentIntent in our words.
func payment(pi *sdk.PaymentIntent) brokerage.RailPayment {
	p := brokerage.RailPayment{ID: pi.ID, Status: brokerage.PaymentOpen, Amount: hashyard.Cents(pi.Amount)}
	if trade, err := hashyard.ParseID(pi.Metadata[metaTrade]); err == nil {
		p.Trade = trade
	}
	switch pi.Status {
	case sdk.PaymentIntentStatusSucceeded:
		p.Status, p.Received = brokerage.PaymentSucceeded, hashyard.Cents(pi.AmountReceived)
	case sdk.PaymentIntentStatusCanceled:
		p.Status = brokerage.PaymentCanceled
	}
	if pi.NextAction == nil || pi.NextAction.DisplayBankTransferInstructions == nil {
		return p
	}
	in := pi.NextAction.DisplayBankTransferInstructions
	// A partly funded payment has received nothing in Stripe's sense; what
	// has arrived is what is no longer missing.
	p.Received = hashyard.Cents(pi.Amount - in.AmountRemaining)
	p.Instructions.Reference = in.Reference
	for _, a := range in.FinancialAddresses {
		switch {
		case a.ABA != nil:
			p.Instructions.BankName = a.ABA.BankName
			p.Instructions.AccountNumber = a.ABA.AccountNumber
			p.Instructions.RoutingNumber = a.ABA.RoutingNumber
		case a.IBAN != nil:
			p.Instructions.IBAN = a.IBAN.IBAN
		}
	}
	return p
}

// Refund sends a received payment, or a part of it, back to the buyer.
func (r *Rail) Refund(ctx context.Context, req brokerage.RefundRequest) (string, error) {
	if err := needKey("refund", req.Key); err != nil {
		return "", err
	}
	if req.Amount <= 0 {
		return "", hashyard.Invalid.Errorf("stripe: a refund of $%s is not positive", req.Amount)
	}
	list := &sdk.RefundListParams{PaymentIntent: sdk.String(req.Payment)}
	list.Context = ctx
	list.Limit = sdk.Int64(100)
	refunds := refund.Client{B: r.api, Key: r.key}
	it := refunds.List(list)
	for it.Next() {
		re := it.Refund()
		if re.Metadata[metaKey] == req.Key {
			return sameAmount(re.ID, re.Amount, req.Amount, req.Key)
		}
	}
	if err := it.Err(); err != nil {
		return "", fault(err, "look for refund of payment %s", req.Payment)
	}
	params := &sdk.RefundParams{
		PaymentIntent: sdk.String(req.Payment), Amount: sdk.Int64(int64(req.Amount)),
		Reason: sdk.String(string(sdk.RefundReasonRequestedByCustomer)),
	}
	params.Context = ctx
	params.AddMetadata(metaTrade, req.Trade.String())
	params.AddMetadata(metaKey, req.Key)
	re, err := retry(req.Key, func(key string) (*sdk.Refund, error) {
		params.SetIdempotencyKey(key)
		return refunds.New(params)
	})
	if err != nil {
		return "", fault(err, "refund payment %s", req.Payment)
	}
	return re.ID, nil
}

// sameAmount guards a key's second use: it may repeat, never differ.
func sameAmount(id string, made int64, asked hashyard.Cents, key string) (string, error) {
	if made != int64(asked) {
		return "", hashyard.Conflict.Errorf("stripe: key %s already made %s over $%s", key, id, hashyard.Cents(made))
	}
	return id, nil
}

// Cash is what a customer has sent that no payment claims yet.
func (r *Rail) Cash(ctx context.Context, customerID string) (hashyard.Cents, error) {
	params := &sdk.CashBalanceParams{Customer: sdk.String(customerID)}
	params.Context = ctx
	b, err := cashbalance.Client{B: r.api, Key: r.key}.Get(params)
	if err != nil {
		return 0, fault(err, "read cash balance of %s", customerID)
	}
	return hashyard.Cents(b.Available[string(sdk.CurrencyUSD)]), nil
}
