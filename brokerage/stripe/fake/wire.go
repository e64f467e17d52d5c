package fake

import "encoding/json"

// The objects as the API writes them. Rows of the state hold them whole, with
// what the API does not show beside them.

// null is a field that is always null here.
type null struct{}

// MarshalJSON writes null.
func (null) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// UnmarshalJSON accepts anything: the field carries nothing.
func (*null) UnmarshalJSON([]byte) error { return nil }

type metadata map[string]string

type customer struct {
	ID               string   `json:"id"`
	Object           string   `json:"object"`
	Address          null     `json:"address"`
	Balance          int64    `json:"balance"`
	Created          int64    `json:"created"`
	Currency         null     `json:"currency"`
	DefaultSource    null     `json:"default_source"`
	Delinquent       bool     `json:"delinquent"`
	Description      *string  `json:"description"`
	Discount         null     `json:"discount"`
	Email            *string  `json:"email"`
	InvoicePrefix    string   `json:"invoice_prefix"`
	Livemode         bool     `json:"livemode"`
	Metadata         metadata `json:"metadata"`
	Name             *string  `json:"name"`
	Phone            null     `json:"phone"`
	PreferredLocales []string `json:"preferred_locales"`
	Shipping         null     `json:"shipping"`
	TaxExempt        string   `json:"tax_exempt"`
	TestClock        null     `json:"test_clock"`
}

type customerRow struct {
	Wire    customer `json:"wire"`
	Cash    int64    `json:"cash"`    // cents not applied to any payment
	Account string   `json:"account"` // the virtual bank account's number
	Manual  bool     `json:"manual"`  // reconciliation mode
}

func (c *customerRow) key() string { return c.Wire.ID }

type cashBalance struct {
	Object    string           `json:"object"`
	Available map[string]int64 `json:"available"`
	Customer  string           `json:"customer"`
	Livemode  bool             `json:"livemode"`
	Settings  struct {
		ReconciliationMode   string `json:"reconciliation_mode"`
		UsingMerchantDefault bool   `json:"using_merchant_default"`
	} `json:"settings"`
}

type cashTxn struct {
	ID                   string        `json:"id"`
	Object               string        `json:"object"`
	Created              int64         `json:"created"`
	Currency             string        `json:"currency"`
	Customer             string        `json:"customer"`
	EndingBalance        int64         `json:"ending_balance"`
	Livemode             bool          `json:"livemode"`
	NetAmount            int64         `json:"net_amount"`
	Type                 string        `json:"type"`
	Funded               *fundedDetail `json:"funded,omitempty"`
	AppliedToPayment     *paymentLink  `json:"applied_to_payment,omitempty"`
	UnappliedFromPayment *paymentLink  `json:"unapplied_from_payment,omitempty"`
}

func (c *cashTxn) key() string { return c.ID }

type paymentLink struct {
	PaymentIntent string `json:"payment_intent"`
}

type fundedDetail struct {
	BankTransfer struct {
		Reference      *string `json:"reference"`
		Type           string  `json:"type"`
		USBankTransfer struct {
			Network    string  `json:"network"`
			SenderName *string `json:"sender_name"`
		} `json:"us_bank_transfer"`
	} `json:"bank_transfer"`
}

type paymentIntent struct {
	ID                        string          `json:"id"`
	Object                    string          `json:"object"`
	Amount                    int64           `json:"amount"`
	AmountCapturable          int64           `json:"amount_capturable"`
	AmountDetails             json.RawMessage `json:"amount_details"`
	AmountReceived            int64           `json:"amount_received"`
	Application               null            `json:"application"`
	ApplicationFeeAmount      null            `json:"application_fee_amount"`
	AutomaticPaymentMethods   null            `json:"automatic_payment_methods"`
	CanceledAt                *int64          `json:"canceled_at"`
	CancellationReason        *string         `json:"cancellation_reason"`
	CaptureMethod             string          `json:"capture_method"`
	ClientSecret              string          `json:"client_secret"`
	ConfirmationMethod        string          `json:"confirmation_method"`
	Created                   int64           `json:"created"`
	Currency                  string          `json:"currency"`
	Customer                  *string         `json:"customer"`
	Description               *string         `json:"description"`
	Invoice                   null            `json:"invoice"`
	LastPaymentError          null            `json:"last_payment_error"`
	LatestCharge              *string         `json:"latest_charge"`
	Livemode                  bool            `json:"livemode"`
	Metadata                  metadata        `json:"metadata"`
	NextAction                *nextAction     `json:"next_action"`
	OnBehalfOf                null            `json:"on_behalf_of"`
	PaymentMethod             *string         `json:"payment_method"`
	PaymentMethodOptions      json.RawMessage `json:"payment_method_options"`
	PaymentMethodTypes        []string        `json:"payment_method_types"`
	Processing                null            `json:"processing"`
	ReceiptEmail              null            `json:"receipt_email"`
	Review                    null            `json:"review"`
	SetupFutureUsage          null            `json:"setup_future_usage"`
	Shipping                  null            `json:"shipping"`
	Source                    null            `json:"source"`
	StatementDescriptor       null            `json:"statement_descriptor"`
	StatementDescriptorSuffix null            `json:"statement_descriptor_suffix"`
	Status                    string          `json:"status"`
	TransferData              null            `json:"transfer_data"`
	TransferGroup             *string         `json:"transfer_group"`
}

type intentRow struct {
	Wire      paymentIntent `json:"wire"`
	Reference string        `json:"reference"` // what the payer writes on the transfer
	Applied   int64         `json:"applied"`   // cents of the cash balance applied so far
}

func (i *intentRow) key() string { return i.Wire.ID }

func (i *intentRow) remaining() int64 { return i.Wire.Amount - i.Applied }

type nextAction struct {
	Type         string        `json:"type"`
	Instructions *instructions `json:"display_bank_transfer_instructions"`
}

type instructions struct {
	AmountRemaining       int64              `json:"amount_remaining"`
	Currency              string             `json:"currency"`
	FinancialAddresses    []financialAddress `json:"financial_addresses"`
	HostedInstructionsURL null               `json:"hosted_instructions_url"`
	Reference             string             `json:"reference"`
	Type                  string             `json:"type"`
}

type financialAddress struct {
	ABA               *abaAddress   `json:"aba,omitempty"`
	Swift             *swiftAddress `json:"swift,omitempty"`
	SupportedNetworks []string      `json:"supported_networks"`
	Type              string        `json:"type"`
}

type abaAddress struct {
	AccountNumber string `json:"account_number"`
	BankName      string `json:"bank_name"`
	RoutingNumber string `json:"routing_number"`
}

type swiftAddress struct {
	AccountNumber string `json:"account_number"`
	BankName      string `json:"bank_name"`
	SwiftCode     string `json:"swift_code"`
}

type charge struct {
	ID                 string   `json:"id"`
	Object             string   `json:"object"`
	Amount             int64    `json:"amount"`
	AmountCaptured     int64    `json:"amount_captured"`
	AmountRefunded     int64    `json:"amount_refunded"`
	BalanceTransaction string   `json:"balance_transaction"`
	Captured           bool     `json:"captured"`
	Created            int64    `json:"created"`
	Currency           string   `json:"currency"`
	Customer           *string  `json:"customer"`
	Description        *string  `json:"description"`
	Disputed           bool     `json:"disputed"`
	FailureCode        null     `json:"failure_code"`
	FailureMessage     null     `json:"failure_message"`
	Invoice            null     `json:"invoice"`
	Livemode           bool     `json:"livemode"`
	Metadata           metadata `json:"metadata"`
	Paid               bool     `json:"paid"`
	PaymentIntent      string   `json:"payment_intent"`
	PaymentMethod      *string  `json:"payment_method"`
	Refunded           bool     `json:"refunded"`
	Status             string   `json:"status"`
	TransferGroup      *string  `json:"transfer_group"`
}

func (c *charge) key() string { return c.ID }

type refund struct {
	ID                 string   `json:"id"`
	Object             string   `json:"object"`
	Amount             int64    `json:"amount"`
	BalanceTransaction *string  `json:"balance_transaction"`
	Charge             *string  `json:"charge"`
	Created            int64    `json:"created"`
	Currency           string   `json:"currency"`
	Metadata           metadata `json:"metadata"`
	PaymentIntent      *string  `json:"payment_intent"`
	Reason             *string  `json:"reason"`
	ReceiptNumber      null     `json:"receipt_number"`
	Status             string   `json:"status"`
	TransferReversal   null     `json:"transfer_reversal"`
}

type refundRow struct {
	Wire refund `json:"wire"`
	Due  int64  `json:"due"` // unix milliseconds when the payer's bank has it
}

func (r *refundRow) key() string { return r.Wire.ID }
