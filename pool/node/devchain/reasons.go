package devchain

import (
	"errors"
	"strings"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/mempool"
)

const reasonInconclusive = "inconclusive"

// ruleReason is Core's word for a broken block rule; any other error is passed
// through as one.
func ruleReason(err error) (string, error) {
	var rule blockchain.RuleError
	if errors.As(err, &rule) {
		return blockReason(rule), nil
	}
	return "", err
}

// blockReason translates btcd's rules to the reasons Core gives for them.
func blockReason(rule blockchain.RuleError) string {
	switch rule.ErrorCode {
	case blockchain.ErrDuplicateBlock:
		return "duplicate"
	case blockchain.ErrKnownInvalidBlock:
		return "duplicate-invalid"
	case blockchain.ErrBlockTooBig, blockchain.ErrNoTransactions:
		return "bad-blk-length"
	case blockchain.ErrBlockWeightTooHigh:
		return "bad-blk-weight"
	case blockchain.ErrBlockVersionTooOld:
		return "bad-version"
	case blockchain.ErrInvalidTime:
		return "bad-time"
	case blockchain.ErrTimeTooOld:
		return "time-too-old"
	case blockchain.ErrTimeTooNew:
		return "time-too-new"
	case blockchain.ErrDifficultyTooLow, blockchain.ErrUnexpectedDifficulty:
		return "bad-diffbits"
	case blockchain.ErrHighHash:
		return "high-hash"
	case blockchain.ErrBadMerkleRoot:
		return "bad-txnmrklroot"
	case blockchain.ErrBadCheckpoint, blockchain.ErrForkTooOld, blockchain.ErrCheckpointTimeTooOld:
		return "bad-fork-prior-to-checkpoint"
	case blockchain.ErrFirstTxNotCoinbase:
		return "bad-cb-missing"
	case blockchain.ErrMultipleCoinbases:
		return "bad-cb-multiple"
	case blockchain.ErrBadCoinbaseScriptLen:
		return "bad-cb-length"
	case blockchain.ErrBadCoinbaseValue:
		return "bad-cb-amount"
	case blockchain.ErrMissingCoinbaseHeight, blockchain.ErrBadCoinbaseHeight:
		return "bad-cb-height"
	case blockchain.ErrUnexpectedWitness:
		return "unexpected-witness"
	case blockchain.ErrInvalidWitnessCommitment:
		return "bad-witness-nonce-size"
	case blockchain.ErrWitnessCommitmentMismatch:
		return "bad-witness-merkle-match"
	case blockchain.ErrPreviousBlockUnknown:
		return "prev-blk-not-found"
	case blockchain.ErrInvalidAncestorBlock:
		return "bad-prevblk"
	case blockchain.ErrPrevBlockNotBest:
		return "inconclusive-not-best-prevblk"
	case blockchain.ErrTooManySigOps:
		return "bad-blk-sigops"
	}
	return txRuleReason(rule)
}

// txRuleReason is for the rules that a transaction breaks, in a block or alone.
func txRuleReason(rule blockchain.RuleError) string {
	switch rule.ErrorCode {
	case blockchain.ErrNoTxInputs:
		return "bad-txns-vin-empty"
	case blockchain.ErrNoTxOutputs:
		return "bad-txns-vout-empty"
	case blockchain.ErrTxTooBig:
		return "bad-txns-oversize"
	case blockchain.ErrBadTxOutValue:
		return "bad-txns-vout-toolarge"
	case blockchain.ErrDuplicateTxInputs:
		return "bad-txns-inputs-duplicate"
	case blockchain.ErrBadTxInput:
		return "bad-txns-prevout-null"
	case blockchain.ErrMissingTxOut:
		return "bad-txns-inputs-missingorspent"
	case blockchain.ErrUnfinalizedTx:
		return "bad-txns-nonfinal"
	case blockchain.ErrDuplicateTx:
		return "bad-txns-duplicate"
	case blockchain.ErrOverwriteTx:
		return "bad-txns-BIP30"
	case blockchain.ErrImmatureSpend:
		return "bad-txns-premature-spend-of-coinbase"
	case blockchain.ErrSpendTooHigh:
		return "bad-txns-in-belowout"
	case blockchain.ErrBadFees:
		return "bad-txns-fee-outofrange"
	case blockchain.ErrScriptMalformed, blockchain.ErrScriptValidation:
		return "mandatory-script-verify-flag-failed"
	}
	return "rejected: " + rule.Description
}

// mempoolReason translates btcd's prose to Core's reject reasons. btcd gives
// only coarse codes for policy, so its words are matched; words that are not
// known pass through as they are.
func mempoolReason(err error) string {
	var outer mempool.RuleError
	if !errors.As(err, &outer) {
		return err.Error()
	}
	var rule blockchain.RuleError
	if errors.As(outer.Err, &rule) {
		return txRuleReason(rule)
	}
	text := outer.Err.Error()
	for _, known := range []struct{ contains, reason string }{
		{"already have transaction", "txn-already-in-mempool"},
		{"already exists in blockchain", "txn-already-known"},
		{"already spent in mempool", "txn-mempool-conflict"},
		{"is too small", "tx-size-small"},
		{"is an individual coinbase", "coinbase"},
		{"is dust", "dust"},
		{"is not finalized", "non-final"},
		{"sequence locks", "non-BIP68-final"},
		{"insufficient fee rate", "insufficient fee"},
		{"insufficient absolute fee", "insufficient fee"},
		{"insufficient priority", "min relay fee not met"},
		{"fees which is under", "min relay fee not met"},
		{"rate limiter", "min relay fee not met"},
		{"evicts more transactions", "too many potential replacements"},
		{"spends parent transaction", "bad-txns-spends-conflicting-tx"},
		{"spends new unconfirmed input", "replacement-adds-unconfirmed"},
		{"sigop cost is too high", "bad-txns-too-many-sigops"},
		{"transaction version", "version"},
		{"weight of transaction", "tx-size"},
		{"signature script size", "scriptsig-size"},
		{"not push only", "scriptsig-not-pushonly"},
		{"non-standard input", "bad-txns-nonstandard-inputs"},
		{"nulldata script", "multi-op-return"},
		{"non-standard script form", "scriptpubkey"},
		{"multi-signature script", "scriptpubkey"},
		{"references outputs of unknown", "bad-txns-inputs-missingorspent"},
	} {
		if strings.Contains(text, known.contains) {
			return known.reason
		}
	}
	return text
}
