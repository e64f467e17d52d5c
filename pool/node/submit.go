package node

import (
	"context"
	"encoding/hex"
	"strings"
)

// Verdicts of SubmitBlock that are decisions, not faults of the block.
const (
	Accepted     = ""             // the block is on the node's best chain
	Inconclusive = "inconclusive" // valid so far, but not on the best chain
	Duplicate    = "duplicate"    // the node had it
)

// SubmitBlock hands in a serialized block. The verdict is Accepted or a BIP22
// reason; err means the node gave no verdict, and the same bytes may be handed
// in again. A coinbase with a commitment needs its witness: Core and devchain
// complete a stripped one, btcd refuses it.
//
// btcd accepts a sibling of its tip with the same silence as a new tip: who
// needs to know asks for the hash at the block's height.
func (c *Client) SubmitBlock(ctx context.Context, block []byte) (verdict string, err error) {
	var reason *string
	if err := c.call(ctx, &reason, "submitblock", hex.EncodeToString(block)); err != nil {
		return "", err
	}
	if reason == nil {
		return Accepted, nil
	}
	return bip22(*reason), nil
}

// bip22 maps btcd's prose ("rejected: …") to BIP22's reasons and leaves
// everything else as it came.
func bip22(reason string) string {
	prose, ok := strings.CutPrefix(reason, "rejected: ")
	if !ok {
		return reason
	}
	for _, known := range []struct{ contains, verdict string }{
		{"already have block", Duplicate},
		{"higher than expected max", "high-hash"},
		{"merkle root is invalid", "bad-txnmrklroot"},
		{"is not after expected", "time-too-old"},
		{"too far in the future", "time-too-new"},
		{"more than expected value", "bad-cb-amount"},
		{"witness commitment does not match", "bad-witness-merkle-match"},
		{"no witness commitment present", "unexpected-witness"},
		{"is not the expected value", "bad-diffbits"},
		{"does not exist or has already been spent", "bad-txns-inputs-missingorspent"},
		{"is unknown", "prev-blk-not-found"},
		{"in its witness stack", "bad-witness-nonce-size"},
	} {
		if strings.Contains(prose, known.contains) {
			return known.verdict
		}
	}
	return reason
}
