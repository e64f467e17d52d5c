package fake

import "encoding/json"

type account struct {
	ID               string            `json:"id"`
	Object           string            `json:"object"`
	BusinessProfile  businessProfile   `json:"business_profile"`
	BusinessType     null              `json:"business_type"`
	Capabilities     map[string]string `json:"capabilities"`
	ChargesEnabled   bool              `json:"charges_enabled"`
	Country          string            `json:"country"`
	Created          int64             `json:"created"`
	DefaultCurrency  string            `json:"default_currency"`
	DetailsSubmitted bool              `json:"details_submitted"`
	Email            *string           `json:"email"`
	Metadata         metadata          `json:"metadata"`
	PayoutsEnabled   bool              `json:"payouts_enabled"`
	Requirements     requirements      `json:"requirements"`
	Type             string            `json:"type"`
}

type businessProfile struct {
	Name *string `json:"name"`
}

type requirements struct {
	CurrentlyDue   []string `json:"currently_due"`
	DisabledReason *string  `json:"disabled_reason"`
	EventuallyDue  []string `json:"eventually_due"`
	PastDue        []string `json:"past_due"`
}

type accountRow struct {
	Wire    account `json:"wire"`
	Balance int64   `json:"balance"` // cents the account holds
}

func (a *accountRow) key() string { return a.Wire.ID }

type capability struct {
	ID           string       `json:"id"`
	Object       string       `json:"object"`
	Account      string       `json:"account"`
	Requested    bool         `json:"requested"`
	RequestedAt  int64        `json:"requested_at"`
	Requirements requirements `json:"requirements"`
	Status       string       `json:"status"`
}

type accountLink struct {
	Object    string `json:"object"`
	Created   int64  `json:"created"`
	ExpiresAt int64  `json:"expires_at"`
	URL       string `json:"url"`
}

type transfer struct {
	ID                 string       `json:"id"`
	Object             string       `json:"object"`
	Amount             int64        `json:"amount"`
	AmountReversed     int64        `json:"amount_reversed"`
	BalanceTransaction string       `json:"balance_transaction"`
	Created            int64        `json:"created"`
	Currency           string       `json:"currency"`
	Description        *string      `json:"description"`
	Destination        string       `json:"destination"`
	DestinationPayment string       `json:"destination_payment"`
	Livemode           bool         `json:"livemode"`
	Metadata           metadata     `json:"metadata"`
	Reversals          reversalList `json:"reversals"`
	Reversed           bool         `json:"reversed"`
	SourceTransaction  *string      `json:"source_transaction"`
	SourceType         string       `json:"source_type"`
	TransferGroup      *string      `json:"transfer_group"`
}

func (t *transfer) key() string { return t.ID }

type reversalList struct {
	Object  string      `json:"object"`
	Data    []*reversal `json:"data"`
	HasMore bool        `json:"has_more"`
	URL     string      `json:"url"`
}

type reversal struct {
	ID                       string   `json:"id"`
	Object                   string   `json:"object"`
	Amount                   int64    `json:"amount"`
	BalanceTransaction       string   `json:"balance_transaction"`
	Created                  int64    `json:"created"`
	Currency                 string   `json:"currency"`
	DestinationPaymentRefund null     `json:"destination_payment_refund"`
	Metadata                 metadata `json:"metadata"`
	SourceRefund             null     `json:"source_refund"`
	Transfer                 string   `json:"transfer"`
}

func (r *reversal) key() string { return r.ID }

type balanceTxn struct {
	ID                string      `json:"id"`
	Object            string      `json:"object"`
	Amount            int64       `json:"amount"`
	AvailableOn       int64       `json:"available_on"`
	Created           int64       `json:"created"`
	Currency          string      `json:"currency"`
	Description       *string     `json:"description"`
	ExchangeRate      null        `json:"exchange_rate"`
	Fee               int64       `json:"fee"`
	FeeDetails        []feeDetail `json:"fee_details"`
	Net               int64       `json:"net"`
	ReportingCategory string      `json:"reporting_category"`
	Source            string      `json:"source"`
	Status            string      `json:"status"`
	Type              string      `json:"type"`
}

func (b *balanceTxn) key() string { return b.ID }

type feeDetail struct {
	Amount      int64  `json:"amount"`
	Application null   `json:"application"`
	Currency    string `json:"currency"`
	Description string `json:"description"`
	Type        string `json:"type"`
}

type balance struct {
	Object          string          `json:"object"`
	Available       []balanceAmount `json:"available"`
	ConnectReserved []balanceAmount `json:"connect_reserved,omitempty"`
	Livemode        bool            `json:"livemode"`
	Pending         []balanceAmount `json:"pending"`
}

type balanceAmount struct {
	Amount      int64            `json:"amount"`
	Currency    string           `json:"currency"`
	SourceTypes map[string]int64 `json:"source_types"`
}

type event struct {
	ID              string       `json:"id"`
	Object          string       `json:"object"`
	Account         string       `json:"account,omitempty"` // Connect events name their account
	APIVersion      string       `json:"api_version"`
	Created         int64        `json:"created"`
	Data            eventData    `json:"data"`
	Livemode        bool         `json:"livemode"`
	PendingWebhooks int          `json:"pending_webhooks"`
	Request         eventRequest `json:"request"`
	Type            string       `json:"type"`
}

type eventData struct {
	Object json.RawMessage `json:"object"`
}

type eventRequest struct {
	ID             *string `json:"id"`
	IdempotencyKey *string `json:"idempotency_key"`
}

type endpoint struct {
	ID            string   `json:"id"`
	Object        string   `json:"object"`
	APIVersion    string   `json:"api_version"`
	Application   null     `json:"application"`
	Created       int64    `json:"created"`
	Description   null     `json:"description"`
	EnabledEvents []string `json:"enabled_events"`
	Livemode      bool     `json:"livemode"`
	Metadata      metadata `json:"metadata"`
	Status        string   `json:"status"`
	URL           string   `json:"url"`
}

func (e *endpoint) key() string { return e.ID }
