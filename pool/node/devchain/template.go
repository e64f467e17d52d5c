package devchain

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/mining"
	"github.com/btcsuite/btcd/wire/v2"
)

const (
	// coinbaseReserve is block weight left for the miner's coinbase, as Core.
	coinbaseReserve = 8000
	// longPollMempool is how old a template must be before a change of the
	// mempool alone ends a long poll on it.
	longPollMempool = 5 * time.Second
	// longPollMax ends every long poll, so that a connection whose client is
	// gone does not wait for ever.
	longPollMax = 55 * time.Second
)

// wakeup lets many wait for the next event: all closes a channel and puts a new
// one in its place.
type wakeup struct {
	mu sync.Mutex // guards ch
	ch chan struct{}
}

func (w *wakeup) init() { w.ch = make(chan struct{}) }

func (w *wakeup) next() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ch
}

func (w *wakeup) all() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.ch)
	w.ch = make(chan struct{})
}

// templates caches the one template: making it validates every transaction.
type templates struct {
	mu   sync.Mutex // guards last; held while a template is made, so one is made at a time
	last *workTemplate
}

// workTemplate is a made template and what it was made from.
type workTemplate struct {
	tmpl    *mining.BlockTemplate
	prev    chainhash.Hash
	poolSeq uint64
	made    time.Time
	cost    time.Duration
	fees    int64
	minTime int64  // earliest header time on this tip
	commit  []byte // the witness commitment's output script
	txs     []templateTx
}

func (w *workTemplate) id() string { return w.prev.String() + "-" + strconv.FormatUint(w.poolSeq, 10) }

// state is what a template must agree with to be current.
func (c *Chain) state() (best *blockchain.BestState, poolSeq uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.chain.BestSnapshot(), c.poolSeq
}

// currentTemplate gives a template on the present tip. A change of the mempool
// alone waits until ten times the making's cost has passed: a full mempool takes
// a second to validate and must not take a core.
func (c *Chain) currentTemplate() (*workTemplate, error) {
	if err := c.wakeIfIdle(); err != nil {
		return nil, err
	}
	c.tmpls.mu.Lock()
	defer c.tmpls.mu.Unlock()
	for range 5 {
		best, seq := c.state()
		if last := c.tmpls.last; last != nil && last.prev == best.Hash {
			if last.poolSeq == seq || time.Since(last.made) < 10*last.cost {
				return last, nil
			}
		}
		w, err := c.makeTemplate(best, seq)
		if err != nil {
			var rule blockchain.RuleError
			if errors.As(err, &rule) { // the tip or the mempool moved meanwhile
				continue
			}
			return nil, err
		}
		// Made without the lock: it counts only if the tip is still the same, and
		// known to be durable.
		if now, _ := c.state(); now.Hash == best.Hash && w.prev == best.Hash {
			c.tmpls.last = w
			return w, nil
		}
	}
	return nil, errors.New("the chain moves faster than a template can be made")
}

func (c *Chain) makeTemplate(best *blockchain.BestState, seq uint64) (*workTemplate, error) {
	start := time.Now()
	tmpl, err := c.gen.NewBlockTemplate(nil)
	if err != nil {
		return nil, fmt.Errorf("make template on %s: %w", best.Hash, err)
	}
	w := &workTemplate{
		tmpl: tmpl, prev: tmpl.Block.Header.PrevBlock, poolSeq: seq, made: time.Now(),
		fees: -tmpl.Fees[0], minTime: mining.MinimumMedianTime(best).Unix(),
	}
	txs := btcutil.NewBlock(tmpl.Block).Transactions()
	// BIP141: SHA256d(witness root ‖ nonce), the nonce being 32 zero bytes. It
	// is given also when no transaction needs it, as Core does.
	root := blockchain.CalcMerkleRoot(txs, true)
	hash := chainhash.DoubleHashB(append(root[:], make([]byte, 32)...))
	w.commit = append(bytes.Clone(blockchain.WitnessMagicBytes), hash...)
	if w.txs, err = templateTxs(txs, tmpl); err != nil {
		return nil, err
	}
	w.cost = time.Since(start)
	return w, nil
}

// templateReply is BIP22/23/145's template, as Core writes it.
type templateReply struct {
	Capabilities  []string          `json:"capabilities"`
	Version       int32             `json:"version"`
	Rules         []string          `json:"rules"`
	VBAvailable   map[string]int    `json:"vbavailable"`
	VBRequired    int               `json:"vbrequired"`
	PrevHash      string            `json:"previousblockhash"`
	Transactions  []templateTx      `json:"transactions"`
	CoinbaseAux   map[string]string `json:"coinbaseaux"`
	CoinbaseValue int64             `json:"coinbasevalue"`
	LongPollID    string            `json:"longpollid"`
	Target        string            `json:"target"`
	MinTime       int64             `json:"mintime"`
	Mutable       []string          `json:"mutable"`
	NonceRange    string            `json:"noncerange"`
	SigOpLimit    int               `json:"sigoplimit"`
	SizeLimit     int               `json:"sizelimit"`
	WeightLimit   int               `json:"weightlimit"`
	CurTime       int64             `json:"curtime"`
	Bits          string            `json:"bits"`
	Height        int32             `json:"height"`
	Commitment    string            `json:"default_witness_commitment"`
}

type templateTx struct {
	Data    string `json:"data"`
	TxID    string `json:"txid"`
	Hash    string `json:"hash"`
	Depends []int  `json:"depends"`
	Fee     int64  `json:"fee"`
	SigOps  int64  `json:"sigops"`
	Weight  int64  `json:"weight"`
}

func templateTxs(txs []*btcutil.Tx, tmpl *mining.BlockTemplate) ([]templateTx, error) {
	place := make(map[chainhash.Hash]int, len(txs))
	out := make([]templateTx, 0, len(txs)-1)
	for i, tx := range txs {
		place[*tx.Hash()] = i
		if i == 0 {
			continue
		}
		raw, err := txBytes(tx.MsgTx())
		if err != nil {
			return nil, err
		}
		depends, seen := []int{}, map[int]bool{}
		for _, in := range tx.MsgTx().TxIn {
			if at, ok := place[in.PreviousOutPoint.Hash]; ok && !seen[at] {
				seen[at] = true
				depends = append(depends, at)
			}
		}
		out = append(out, templateTx{
			Data: hex.EncodeToString(raw), TxID: tx.Hash().String(), Hash: tx.WitnessHash().String(),
			Depends: depends, Fee: tmpl.Fees[i], SigOps: tmpl.SigOpCosts[i], Weight: blockchain.GetTransactionWeight(tx),
		})
	}
	return out, nil
}

func txBytes(tx *wire.MsgTx) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(tx.SerializeSize())
	if err := tx.Serialize(&b); err != nil {
		return nil, fmt.Errorf("serialize transaction: %w", err)
	}
	return b.Bytes(), nil
}

// reply writes the template with the present time.
func (c *Chain) reply(w *workTemplate) *templateReply {
	header := w.tmpl.Block.Header
	return &templateReply{
		Capabilities:  []string{"proposal"},
		Version:       header.Version,
		Rules:         []string{"csv", "!segwit", "taproot"},
		VBAvailable:   map[string]int{},
		PrevHash:      w.prev.String(),
		Transactions:  w.txs,
		CoinbaseAux:   map[string]string{"flags": ""}, // old ckpool reads flags
		CoinbaseValue: int64(c.world.Subsidy) + w.fees,
		LongPollID:    w.id(),
		Target:        fmt.Sprintf("%064x", blockchain.CompactToBig(header.Bits)),
		MinTime:       w.minTime,
		Mutable:       []string{"time", "transactions", "prevblock"},
		NonceRange:    "00000000ffffffff",
		SigOpLimit:    blockchain.MaxBlockSigOpsCost,
		SizeLimit:     wire.MaxBlockPayload,
		WeightLimit:   blockchain.MaxBlockWeight,
		CurTime:       max(w.minTime, c.now().Unix()),
		Bits:          fmt.Sprintf("%08x", header.Bits),
		Height:        w.tmpl.Height,
		Commitment:    hex.EncodeToString(w.commit),
	}
}

// waitTemplate holds a long poll until the template named by id is out of date:
// at once on a new tip, after a while on new transactions.
func (c *Chain) waitTemplate(ctx context.Context, id string) (*workTemplate, error) {
	ctx, cancel := context.WithTimeout(ctx, longPollMax)
	defer cancel()
	began := time.Now()
	for {
		changed := c.wake.next() // before looking, so that no event falls between
		best, seq := c.state()
		prev := best.Hash.String()
		oldPrev, _, _ := strings.Cut(id, "-")
		var mempoolTimer <-chan time.Time
		if oldPrev != prev {
			return c.currentTemplate()
		}
		if id != prev+"-"+strconv.FormatUint(seq, 10) {
			rest := longPollMempool - time.Since(began)
			if rest <= 0 {
				return c.currentTemplate()
			}
			mempoolTimer = time.After(rest)
		}
		select {
		case <-changed:
		case <-mempoolTimer:
		case <-ctx.Done():
			return c.currentTemplate()
		}
	}
}
