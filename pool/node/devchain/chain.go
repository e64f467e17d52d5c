package devchain

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/blockchain/indexers"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/database"
	_ "github.com/btcsuite/btcd/database/ffldb" // the database driver
	"github.com/btcsuite/btcd/mempool"
	"github.com/btcsuite/btcd/mining"
	"github.com/btcsuite/btcd/txscript/v2"

	"hashyard"
)

// Chain is an open chain.
type Chain struct {
	world  *world
	params *chaincfg.Params
	log    *slog.Logger
	now    func() time.Time

	db    database.DB
	chain *blockchain.BlockChain
	txs   *indexers.TxIndex
	pool  *mempool.TxPool
	gen   *mining.BlkTmplGenerator

	// mu is held for writing across a whole change, including the journal's
	// sync, and for reading by whoever looks at chain or pool. It guards journal,
	// poolSeq and undone.
	mu      sync.RWMutex
	journal *journal
	poolSeq uint64        // counts changes of the mempool
	undone  []*btcutil.Tx // transactions of blocks disconnected in this change
	closed  bool

	wake    wakeup            // long polls wait here
	tmpls   templates         // the cached template
	methods map[string]method // never changes
}

// Open opens the chain in cfg.Dir, making it first if the folder is new.
func Open(cfg Config) (*Chain, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Dir == "" {
		return nil, hashyard.Invalid.Errorf("devchain: no folder given")
	}
	w, err := loadWorld(cfg.Dir)
	if err != nil {
		return nil, err
	}
	if w == nil {
		if w, err = create(cfg); err != nil {
			return nil, fmt.Errorf("make chain in %s: %w", cfg.Dir, err)
		}
	}
	if err := w.agree(cfg); err != nil {
		return nil, err
	}
	c, err := open(cfg, w)
	if err != nil {
		return nil, fmt.Errorf("open chain in %s: %w", cfg.Dir, err)
	}
	return c, nil
}

// open opens an existing folder, replays the journal and leaves the chain ready
// to give real work.
func open(cfg Config, w *world) (*Chain, error) {
	c, err := assemble(cfg, w)
	if err != nil {
		return nil, err
	}
	if err := c.replay(filepath.Join(cfg.Dir, journalFile)); err != nil {
		return nil, errors.Join(err, c.db.Close())
	}
	if err := c.wakeIfIdle(); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	best := c.chain.BestSnapshot()
	c.log.Info("chain open", "height", best.Height, "tip", best.Hash.String(), "bits", fmt.Sprintf("%08x", c.world.Bits))
	return c, nil
}

// create builds a chain beside its final place and moves it there complete, so
// that a crash leaves either nothing or a whole world.
func create(cfg Config) (*world, error) {
	w, err := newWorld(cfg)
	if err != nil {
		return nil, err
	}
	final := cfg.Dir
	cfg.Dir = strings.TrimRight(final, string(filepath.Separator)) + ".new"
	if err := os.RemoveAll(cfg.Dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, err
	}
	raw, err := json.MarshalIndent(w, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(cfg.Dir, worldFile), append(raw, '\n'), 0o600); err != nil {
		return nil, err
	}
	c, err := assemble(cfg, w)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(c.mineBootstrap(), c.closeDB()); err != nil {
		return nil, err
	}
	if err := os.Remove(final); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := os.Rename(cfg.Dir, final); err != nil {
		return nil, err
	}
	return w, syncDir(filepath.Dir(final))
}

// assemble opens the database and joins btcd's parts over it.
func assemble(cfg Config, w *world) (*Chain, error) {
	c := &Chain{world: w, params: chainParams(w), log: cfg.Logger, now: cfg.Now, methods: methods()}
	c.wake.init()
	var err error
	if c.db, err = openDB(filepath.Join(cfg.Dir, "db")); err != nil {
		return nil, err
	}
	c.txs = indexers.NewTxIndex(c.db)
	sigs, hashes := txscript.NewSigCache(50_000), txscript.NewHashCache(50_000)
	clock := chainClock{c.now}
	c.chain, err = blockchain.New(&blockchain.Config{
		DB:               c.db,
		UtxoCacheMaxSize: 32 << 20,
		ChainParams:      c.params,
		TimeSource:       clock,
		SigCache:         sigs,
		HashCache:        hashes,
		IndexManager:     indexers.NewManager(c.db, []indexers.Indexer{c.txs}),
	})
	if err != nil {
		return nil, errors.Join(err, c.db.Close())
	}
	c.pool = c.newPool(sigs, hashes)
	c.gen = mining.NewBlkTmplGenerator(&mining.Policy{
		BlockMaxWeight: blockchain.MaxBlockWeight - coinbaseReserve,
		TxMinFreeFee:   minRelayFee,
	}, c.params, c.pool, c.chain, clock, sigs, hashes)
	c.chain.Subscribe(c.notified)
	return c, nil
}

func openDB(dir string) (database.DB, error) {
	db, err := database.Open("ffldb", dir, netMagic)
	var dbErr database.Error
	if errors.As(err, &dbErr) && dbErr.ErrorCode == database.ErrDbDoesNotExist {
		db, err = database.Create("ffldb", dir, netMagic)
	}
	if err != nil && strings.Contains(err.Error(), "resource temporarily unavailable") {
		return nil, hashyard.Conflict.Errorf("another process has this chain open: %w", err)
	}
	return db, err
}

// Close stops the chain cleanly. No request may be running: Serve has returned.
func (c *Chain) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	c.wake.all()
	if err := c.closeDB(); err != nil {
		return fmt.Errorf("close chain: %w", errors.Join(err, c.journal.close()))
	}
	// Everything the journal holds is now in the database.
	return c.journal.reset()
}

func (c *Chain) closeDB() error {
	return errors.Join(c.chain.FlushUtxoCache(blockchain.FlushRequired), c.db.Close())
}

// Tip is the best chain's height and block, for logs.
func (c *Chain) Tip() (height int64, hash string) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	best := c.chain.BestSnapshot()
	return int64(best.Height), best.Hash.String()
}

// bootstrapHeight is the last block given at birth.
func (c *Chain) bootstrapHeight() int32 { return int32(len(c.world.Bootstrap)) }

// chainClock is the one clock of the chain; there are no peers to agree with.
type chainClock struct{ now func() time.Time }

func (c chainClock) AdjustedTime() time.Time       { return time.Unix(c.now().Unix(), 0) }
func (chainClock) AddTimeSample(string, time.Time) {}
func (chainClock) Offset() time.Duration           { return 0 }

var _ blockchain.MedianTimeSource = chainClock{}

// difficulty is how many times harder than difficulty 1 the bits are, for show.
func difficulty(bits uint32) float64 {
	target := blockchain.CompactToBig(bits)
	if target.Sign() <= 0 {
		return 0
	}
	d, _ := new(big.Rat).SetFrac(hashyard.Diff1Target(), target).Float64()
	return d
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
