package brokerage

import (
	"context"
	"time"

	"hashyard"
)

// Rail moves dollars: brokerage/stripe is one. Every write carries a key that
// is stored before the call, so that a repeated call after a crash moves the
// money once. No method is called inside a transaction.
type Rail interface {
	// TestMode reports that no real money moves.
	TestMode() bool
	// MaxPayment is the most that one payment may be worth: what is worth more
	// can never be paid.
	MaxPayment() hashyard.Cents
	// EnsureCustomer finds or makes the paying side of an organisation.
	EnsureCustomer(ctx context.Context, org hashyard.ID, name string) (customer string, err error)
	// EnsureSellerAccount finds or makes the receiving side.
	EnsureSellerAccount(ctx context.Context, org hashyard.ID, name string) (account string, err error)
	// OpenTransfer asks the buyer for a bank transfer and says where to send it.
	// Invalid means for certain that no payment exists under the key, and that
	// none ever will.
	OpenTransfer(ctx context.Context, req PaymentRequest) (RailPayment, error)
	// Payment reads a payment afresh; a webhook is only a reason to look.
	Payment(ctx context.Context, id string) (RailPayment, error)
	// CancelPayment takes back an open request. A payment that has succeeded
	// stays; the returned status says so and is no error.
	CancelPayment(ctx context.Context, id, key string) (RailPayment, error)
	// Transfer pays a seller from the platform's balance. ErrNotPayable says
	// that the seller's account may not be paid yet; asked again later, it may.
	Transfer(ctx context.Context, req TransferRequest) (transfer string, err error)
	// Refund sends a received payment back to the buyer.
	Refund(ctx context.Context, req RefundRequest) (refund string, err error)
	// ParseWebhook verifies the signature over the raw body.
	ParseWebhook(body []byte, signature string, now time.Time) (RailEvent, error)
}

// ErrNotPayable says that the rail still has to know more of a seller before
// it pays out.
var ErrNotPayable = hashyard.Conflict.Errorf("the seller cannot be paid yet")

// PaymentRequest asks for one bank transfer.
type PaymentRequest struct {
	Trade    hashyard.ID
	Customer string
	Amount   hashyard.Cents
	Group    string // "trade-<id>"
	Key      string // idempotency key, stored before the call
}

// TransferRequest pays one seller.
type TransferRequest struct {
	Trade   hashyard.ID
	Account string
	Amount  hashyard.Cents
	Group   string
	Key     string
}

// RefundRequest returns a payment to the buyer.
type RefundRequest struct {
	Trade   hashyard.ID
	Payment string
	Amount  hashyard.Cents
	Key     string
}

// PaymentStatus is what the rail says of a payment, in our words.
type PaymentStatus string

// The statuses of a payment.
const (
	PaymentOpen      PaymentStatus = "open"      // nothing or too little arrived
	PaymentSucceeded PaymentStatus = "succeeded" // the whole amount is in the platform's balance
	PaymentCanceled  PaymentStatus = "canceled"
)

// RailPayment is a payment as the rail knows it now.
type RailPayment struct {
	ID           string
	Trade        hashyard.ID // from its metadata; zero if it is none of ours
	Status       PaymentStatus
	Amount       hashyard.Cents
	Received     hashyard.Cents // 0 … Amount
	Instructions Instructions
}

// Instructions say how the buyer's bank reaches us.
type Instructions struct {
	BankName      string `json:"bank_name,omitempty" doc:"Bank that holds the account"`
	AccountNumber string `json:"account_number,omitempty"`
	RoutingNumber string `json:"routing_number,omitempty"`
	IBAN          string `json:"iban,omitempty"`
	Reference     string `json:"reference,omitempty" doc:"To be written on the transfer"`
}

// RailEvent is a verified webhook.
type RailEvent struct {
	ID      string
	Type    string // the rail's own word, e.g. "payment_intent.succeeded"
	Payment string // id of the payment it is about; empty if about something else
	Created time.Time
}
