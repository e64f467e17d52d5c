package treasury

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"hashyard"
	"hashyard/brokerage/treasury/signer"
)

// FromTip as Config.Birth begins at the tip of the first start: a key that was
// just made has no coins in older blocks.
const FromTip = -1

// signerEvery is how often the signer is asked for its limits.
const signerEvery = 30 * time.Second

// CheckKey refuses a key that is not this treasury's. It is called before
// anything is made that pays to the key: the rewards of blocks that pay
// another signer's key would be out of the treasury's reach, and in no book.
// The first time the signer's key becomes the treasury's.
func (s *Service) CheckKey(ctx context.Context, key signer.Info) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	head, err := s.cfg.Store.Head(ctx)
	if errors.Is(err, hashyard.NotFound) {
		head, err = s.adopt(ctx)
	}
	if err != nil {
		return fmt.Errorf("whose key the signer has: %w", err)
	}
	if key.Address != head.Address || key.Script != hex.EncodeToString(head.Script) || key.Network != head.Network {
		return hashyard.Conflict.Errorf("this yard's treasury is %s (%s), the signer holds the key of %s (%s), and blocks would be paid to that: start the signer with the folder (--dir) that has this treasury's key, or point --signer-url at that signer",
			head.Address, head.Network, key.Address, key.Network)
	}
	return nil
}

// adopt asks the signer which script is ours. A treasury that knows it already
// goes on without.
func (s *Service) adopt(ctx context.Context) (Head, error) {
	head, err := s.cfg.Store.Head(ctx)
	known := err == nil
	if !known && !errors.Is(err, hashyard.NotFound) {
		return Head{}, err
	}
	if known && !s.asked.IsZero() && s.now().Sub(s.asked) < signerEvery {
		return head, nil
	}
	info, err := s.cfg.Signer.Info(ctx)
	if err != nil {
		if known {
			return head, nil // payouts say that they wait for it
		}
		return Head{}, fmt.Errorf("treasury: first start needs the signer: %w", err)
	}
	dest, err := ParseAddress(info.Address, s.cfg.Network)
	if err != nil {
		return Head{}, fmt.Errorf("treasury: the signer is of network %s, the node is not: %w", info.Network, err)
	}
	birth, err := s.birth(ctx, known)
	if err != nil {
		return Head{}, err
	}
	head, err = s.cfg.Store.Adopt(ctx, Head{
		Place: Place{Height: birth - 1}, Network: s.cfg.Network.Name, Address: dest.Address, Script: dest.Script,
		Limits: Limits{PerPayout: info.Limits.PerPayout, PerDay: info.Limits.PerDay, MaxFee: info.Limits.MaxFee},
	})
	if err != nil {
		return Head{}, err
	}
	if !known {
		s.cfg.Log.InfoContext(ctx, "treasury begins", "address", head.Address, "first_block", head.Height+1)
	}
	s.asked = s.now()
	return head, nil
}

// birth is the first block to look at; a treasury that is known has begun.
func (s *Service) birth(ctx context.Context, known bool) (int64, error) {
	if known || s.cfg.Birth != FromTip {
		return max(s.cfg.Birth, 0), nil
	}
	tip, err := s.cfg.Chain.Tip(ctx)
	if err != nil {
		return 0, fmt.Errorf("treasury: first start needs the node: %w", err)
	}
	return max(tip.Height, 0), nil
}
