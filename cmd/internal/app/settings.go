package app

import (
	"time"

	"hashyard"
	"hashyard/brokerage/treasury"
	"hashyard/brokerage/treasury/signer"
	"hashyard/web"
)

// Mining are the pool's settings.
type Mining struct {
	StratumURL       string        `env:"HASHYARD_STRATUM_URL" help:"Address that miners are given, stratum+tcp://host:port; default: --stratum."`
	PoolKey          string        `required:"" env:"HASHYARD_POOL_KEY" help:"Secret of at least 32 characters from which machines' secrets derive; the same for ever."`
	SettlementPeriod time.Duration `default:"24h" env:"HASHYARD_SETTLEMENT_PERIOD" help:"Length of a settlement period; it begins at multiples of itself, UTC."`
	Grace            time.Duration `env:"HASHYARD_GRACE" help:"How long shares of an ended period's jobs are taken; default: 30 s, a quarter of a short period."`
	FeePPM           int64         `name:"pool-fee" default:"20000" env:"HASHYARD_POOL_FEE" help:"The pool's fee in parts per million."`
	FeeMethod        string        `default:"sma/1" enum:"sma/1,sma-trim3/1,day/1,day-trim3/1" env:"HASHYARD_FEE_METHOD" help:"Fee index of accounts without terms of their own: the mean of the last blocks (sma/1) or the UTC day's (day/1), also without the three highest and lowest."`
	FeeWindow        int64         `default:"144" env:"HASHYARD_FEE_WINDOW" help:"Blocks over which a trailing index averages transaction fees."`
	FeeEvery         time.Duration `default:"1h" env:"HASHYARD_FEE_EVERY" help:"How often within a settlement period a trailing index is read anew; it divides the period, and a shorter period has one."`
	Shares           float64       `default:"12" env:"HASHYARD_SHARES" help:"Shares a minute asked of a machine."`
	ProofShares      float64       `default:"60" env:"HASHYARD_PROOF_SHARES" help:"Shares a minute asked of a machine under proof."`
	MeasureEvery     time.Duration `default:"1m" env:"HASHYARD_MEASURE_EVERY" help:"How often work under proof is measured."`
}

// grace fits the period: short worlds cannot wait half a minute.
func (m Mining) grace() time.Duration {
	if m.Grace > 0 {
		return m.Grace
	}
	return min(30*time.Second, m.SettlementPeriod/4)
}

// Limits bound what one source may ask of the API, in requests a second; ten
// times as many may come at once.
type Limits struct {
	LimitAddress float64 `default:"300" env:"HASHYARD_LIMIT_ADDRESS" help:"Requests a second from one address (IPv6: one /64)."`
	LimitCaller  float64 `default:"100" env:"HASHYARD_LIMIT_CALLER" help:"Requests a second of one user or API key."`
	LimitOrg     float64 `default:"300" env:"HASHYARD_LIMIT_ORG" help:"Requests a second of one organisation."`
	LimitStreams int     `default:"200" env:"HASHYARD_LIMIT_STREAMS" help:"Live streams of one organisation at a time."`
	LimitBusy    int     `default:"24" env:"HASHYARD_LIMIT_BUSY" help:"Requests of one organisation that are worked on at a time; more wait, for 5 seconds."`
}

func (l Limits) web() web.Limits {
	return web.Limits{Address: l.LimitAddress, Caller: l.LimitCaller, Org: l.LimitOrg, Streams: l.LimitStreams, Busy: l.LimitBusy}
}

// Sites are the settings of what agents do.
type Sites struct {
	CommandPause time.Duration `default:"30s" env:"HASHYARD_COMMAND_PAUSE" help:"Pause of a command that its agent lost again or that cannot be given out."`
}

// Money are the settings of both rails.
type Money struct {
	StripeURL           string `env:"HASHYARD_STRIPE_URL" help:"Address of the payment double; empty for Stripe itself."`
	StripeKey           string `required:"" env:"HASHYARD_STRIPE_KEY" help:"Stripe's secret key."`
	StripeWebhookSecret string `required:"" env:"HASHYARD_STRIPE_WEBHOOK_SECRET" help:"Secret that signs Stripe's events."`
	StripeLive          bool   `env:"HASHYARD_STRIPE_LIVE" help:"Move real money."`
	SignerURL           string `default:"http://127.0.0.1:8090" env:"HASHYARD_SIGNER_URL" help:"Address of the signer."`
	SignerSecret        string `required:"" env:"HASHYARD_SIGNER_SECRET" help:"What the signer wants to hear."`
	PayoutThreshold     int64  `default:"100000" env:"HASHYARD_PAYOUT_THRESHOLD" help:"Earnings in satoshis from which a payout is made."`
	TreasuryBirth       int64  `default:"-1" env:"HASHYARD_TREASURY_BIRTH" help:"First block that a new treasury looks at for its coins; -1: the tip at its first start, the first block of a local chain."`
	Confirmations       int64  `default:"6" env:"HASHYARD_CONFIRMATIONS" help:"Confirmations after which a payout is final."`
}

func (m Money) signer() *signer.Client { return signer.NewClient(m.SignerURL, m.SignerSecret) }

// birth of the treasury: a local chain is short and begins with its coins.
func (m Money) birth(local bool) int64 {
	if local && m.TreasuryBirth == treasury.FromTip {
		return 0
	}
	return m.TreasuryBirth
}

func (m Money) threshold() hashyard.Sats { return hashyard.Sats(m.PayoutThreshold) }
