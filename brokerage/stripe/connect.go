package stripe

import (
	"context"
	"errors"
	"fmt"

	sdk "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/account"
	"github.com/stripe/stripe-go/v76/accountlink"
	"github.com/stripe/stripe-go/v76/transfer"
	"github.com/stripe/stripe-go/v76/transferreversal"

	"hashyard"
	"hashyard/brokerage"
)

// EnsureSellerAccount makes the receiving side of an organisation: an Express
// account that asks for the transfers capability. Within a day the same call
// gives the same account; the caller stores the id.
func (r *Rail) EnsureSellerAccount(ctx context.Context, org hashyard.ID, name string) (string, error) {
	params := &sdk.AccountParams{
		Type: sdk.String(string(sdk.AccountTypeExpress)),
		Capabilities: &sdk.AccountCapabilitiesParams{
			Transfers: &sdk.AccountCapabilitiesTransfersParams{Requested: sdk.Bool(true)},
		},
		BusinessProfile: &sdk.AccountBusinessProfileParams{Name: sdk.String(name)},
	}
	params.Context = ctx
	params.AddMetadata(metaOrg, org.String())
	params.SetIdempotencyKey("org-" + org.String() + "-seller-" + digest(name))
	a, err := account.Client{B: r.api, Key: r.key}.New(params)
	if err != nil {
		return "", fault(err, "make seller account of organisation %s", org)
	}
	return a.ID, nil
}

// Seller is what Stripe says of a connected account.
type Seller struct {
	ID        string
	Transfers bool // it may be paid
	Missing   []string
}

// SellerAccount reads a connected account: whether it may be paid, and what
// Stripe still wants to know from it.
func (r *Rail) SellerAccount(ctx context.Context, id string) (Seller, error) {
	params := &sdk.AccountParams{}
	params.Context = ctx
	a, err := account.Client{B: r.api, Key: r.key}.GetByID(id, params)
	if err != nil {
		return Seller{}, fault(err, "read seller account %s", id)
	}
	s := Seller{ID: a.ID}
	if a.Capabilities != nil {
		s.Transfers = a.Capabilities.Transfers == sdk.AccountCapabilityStatusActive
	}
	if a.Requirements != nil {
		s.Missing = a.Requirements.CurrentlyDue
	}
	return s, nil
}

// OnboardingLink is a short-lived page on which a seller answers what Stripe
// must know before it may be paid.
func (r *Rail) OnboardingLink(ctx context.Context, accountID, refreshURL, returnURL string) (string, error) {
	params := &sdk.AccountLinkParams{
		Account: sdk.String(accountID), Type: sdk.String("account_onboarding"),
		RefreshURL: sdk.String(refreshURL), ReturnURL: sdk.String(returnURL),
	}
	params.Context = ctx
	l, err := accountlink.Client{B: r.api, Key: r.key}.New(params)
	if err != nil {
		return "", fault(err, "make onboarding link of %s", accountID)
	}
	return l.URL, nil
}

// Transfer pays a seller from the platform's balance. A call with a key that
// has paid before, however long ago, returns that transfer.
func (r *Rail) Transfer(ctx context.Context, req brokerage.TransferRequest) (string, error) {
	if err := needKey("transfer", req.Key); err != nil {
		return "", err
	}
	if req.Amount <= 0 {
		return "", hashyard.Invalid.Errorf("stripe: a transfer of $%s is not positive", req.Amount)
	}
	in := group(req.Group, req.Trade)
	made, err := r.Transfers(ctx, in)
	if err != nil {
		return "", err
	}
	for _, t := range made {
		if t.Key != req.Key {
			continue
		}
		if t.Account != req.Account {
			return "", hashyard.Conflict.Errorf("stripe: key %s already paid account %s", req.Key, t.Account)
		}
		return sameAmount(t.ID, int64(t.Amount), req.Amount, req.Key)
	}
	params := &sdk.TransferParams{
		Amount: sdk.Int64(int64(req.Amount)), Currency: sdk.String(string(sdk.CurrencyUSD)),
		Destination: sdk.String(req.Account), TransferGroup: sdk.String(in),
	}
	params.Context = ctx
	params.AddMetadata(metaTrade, req.Trade.String())
	params.AddMetadata(metaKey, req.Key)
	t, err := retry(req.Key, func(key string) (*sdk.Transfer, error) {
		params.SetIdempotencyKey(key)
		return r.transfers().New(params)
	})
	var se *sdk.Error
	if errors.As(err, &se) && (se.Code == sdk.ErrorCodeTransfersNotAllowed || se.Code == insufficientCapabilities) {
		return "", fmt.Errorf("%w: %w", brokerage.ErrNotPayable, fault(err, "transfer of trade %s", req.Trade))
	}
	if err != nil {
		return "", fault(err, "transfer of trade %s", req.Trade)
	}
	return t.ID, nil
}

func (r *Rail) transfers() transfer.Client { return transfer.Client{B: r.api, Key: r.key} }

// Transfer is money paid to a seller.
type Transfer struct {
	ID       string
	Account  string
	Amount   hashyard.Cents
	Reversed hashyard.Cents
	Group    string
	Trade    hashyard.ID // zero if it is none of ours
	Key      string
}

// Transfers lists what was paid in a group, newest first.
func (r *Rail) Transfers(ctx context.Context, in string) ([]Transfer, error) {
	params := &sdk.TransferListParams{TransferGroup: sdk.String(in)}
	params.Context = ctx
	params.Limit = sdk.Int64(100)
	var out []Transfer
	it := r.transfers().List(params)
	for it.Next() {
		out = append(out, told(it.Transfer()))
	}
	return out, fault(it.Err(), "list transfers of %s", in)
}

func told(t *sdk.Transfer) Transfer {
	out := Transfer{
		ID: t.ID, Amount: hashyard.Cents(t.Amount), Reversed: hashyard.Cents(t.AmountReversed),
		Group: t.TransferGroup, Key: t.Metadata[metaKey],
	}
	if t.Destination != nil {
		out.Account = t.Destination.ID
	}
	if trade, err := hashyard.ParseID(t.Metadata[metaTrade]); err == nil {
		out.Trade = trade
	}
	return out
}

// ReverseTransfer takes a transfer, or a part of it, back from the seller.
func (r *Rail) ReverseTransfer(ctx context.Context, transferID string, amount hashyard.Cents, key string) (string, error) {
	if err := needKey("reverse transfer", key); err != nil {
		return "", err
	}
	if amount <= 0 {
		return "", hashyard.Invalid.Errorf("stripe: a reversal of $%s is not positive", amount)
	}
	reversals := transferreversal.Client{B: r.api, Key: r.key}
	list := &sdk.TransferReversalListParams{ID: sdk.String(transferID)}
	list.Context = ctx
	list.Limit = sdk.Int64(100)
	it := reversals.List(list)
	for it.Next() {
		if rev := it.TransferReversal(); rev.Metadata[metaKey] == key {
			return sameAmount(rev.ID, rev.Amount, amount, key)
		}
	}
	if err := it.Err(); err != nil {
		return "", fault(err, "look for reversal of transfer %s", transferID)
	}
	params := &sdk.TransferReversalParams{ID: sdk.String(transferID), Amount: sdk.Int64(int64(amount))}
	params.Context = ctx
	params.AddMetadata(metaKey, key)
	rev, err := retry(key, func(k string) (*sdk.TransferReversal, error) {
		params.SetIdempotencyKey(k)
		return reversals.New(params)
	})
	if err != nil {
		return "", fault(err, "reverse transfer %s", transferID)
	}
	return rev.ID, nil
}
