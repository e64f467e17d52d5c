package devchain

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"

	"hashyard"
)

// The economics of the local world (difficulty 0.0167636, one block a minute at
// 1.2 MH/s, which the work scale shows as 1.2 PH/s).
const (
	DefaultBits      = 0x1d3ba6fe
	DefaultSubsidy   = hashyard.Sats(2_500)
	DefaultWorkScale = hashyard.Scale(1_000_000_000)
	// EasyBits make a block in about 3 s at 1.3 MH/s, for end-to-end tests.
	EasyBits = 0x1e044d46
)

// Config makes or opens a chain. Only Dir is required. Bits, Subsidy, WorkScale
// and Bootstrap are decided when the folder is new; for a known folder they may
// be left zero, and must agree otherwise.
type Config struct {
	Dir       string
	Bits      uint32 // compact target of every mined block
	Subsidy   hashyard.Sats
	WorkScale hashyard.Scale
	// Bootstrap is paid at birth, one block each; all of it can be spent in the
	// first mined block.
	Bootstrap []Output
	Logger    *slog.Logger
	Now       func() time.Time
}

// Output is a payment at birth: to an address (bcrt1…, or regtest's m, n, 2) or
// a script, of at most 50 BTC.
type Output struct {
	Address string
	Script  []byte
	Value   hashyard.Sats
}

// world is what world.json keeps: everything that decides the genesis block and
// the rules on top of btcd's.
type world struct {
	Version   int            `json:"version"`
	Genesis   int64          `json:"genesis_time"`
	Salt      string         `json:"salt"`
	Bits      uint32         `json:"bits"`
	Subsidy   hashyard.Sats  `json:"subsidy_sats"`
	WorkScale hashyard.Scale `json:"work_scale"`
	Bootstrap []grant        `json:"bootstrap"`
}

type grant struct {
	Script string        `json:"script"`
	Value  hashyard.Sats `json:"sats"`
}

const worldFile = "world.json"

// newWorld decides a new chain's parameters.
func newWorld(cfg Config) (*world, error) {
	w := &world{Version: 1, Bits: cfg.Bits, Subsidy: cfg.Subsidy, WorkScale: cfg.WorkScale}
	if w.Bits == 0 {
		w.Bits = DefaultBits
	}
	if w.Subsidy == 0 {
		w.Subsidy = DefaultSubsidy
	}
	if w.WorkScale == 0 {
		w.WorkScale = DefaultWorkScale
	}
	salt := make([]byte, 8)
	if _, err := rand.Read(salt); err != nil {
		return nil, err
	}
	w.Salt = hex.EncodeToString(salt)
	var err error
	if w.Bootstrap, err = grants(cfg.Bootstrap); err != nil {
		return nil, err
	}
	// The youngest grant matures with Maturity-1 blocks on top of it, in time
	// for the first mined block.
	for pad := max(Maturity-1, minBootstrap-len(w.Bootstrap)); pad > 0; pad-- {
		w.Bootstrap = append(w.Bootstrap, grant{Script: hex.EncodeToString(burnScript())})
	}
	age := time.Duration(len(w.Bootstrap)) * bootstrapStep
	w.Genesis = cfg.Now().Add(-age).Unix()
	return w, w.check()
}

func grants(outs []Output) ([]grant, error) {
	var all []grant
	for i, out := range outs {
		script := out.Script
		if out.Address != "" {
			if script != nil {
				return nil, hashyard.Invalid.Errorf("bootstrap %d has both an address and a script", i)
			}
			addr, err := address.DecodeAddress(out.Address, &chaincfg.RegressionNetParams)
			if err != nil || !addr.IsForNet(&chaincfg.RegressionNetParams) {
				return nil, hashyard.Invalid.Errorf("bootstrap %d: %q is not an address of the local chain", i, out.Address)
			}
			if script, err = txscript.PayToAddrScript(addr); err != nil {
				return nil, hashyard.Invalid.Errorf("bootstrap %d: %w", i, err)
			}
		}
		if len(script) == 0 || out.Value <= 0 || out.Value > btcdSubsidy {
			return nil, hashyard.Invalid.Errorf("bootstrap %d pays %d sats to a script of %d bytes; a block may pay 1 sat to 50 BTC", i, out.Value, len(script))
		}
		all = append(all, grant{Script: hex.EncodeToString(script), Value: out.Value})
	}
	return all, nil
}

func (w *world) check() error {
	target := blockchain.CompactToBig(w.Bits)
	limit := blockchain.CompactToBig(easyBits)
	salt, saltErr := hex.DecodeString(w.Salt)
	switch {
	case w.Version != 1:
		return hashyard.Invalid.Errorf("devchain: world version %d is not known to this program", w.Version)
	case target.Sign() <= 0 || target.Cmp(limit) > 0 || blockchain.BigToCompact(target) != w.Bits:
		return hashyard.Invalid.Errorf("devchain: bits %08x are no target up to %08x", w.Bits, uint32(easyBits))
	case w.Subsidy < 1 || w.Subsidy > btcdSubsidy:
		return hashyard.Invalid.Errorf("devchain: subsidy %d is outside 1 sat … 50 BTC", w.Subsidy)
	case w.WorkScale < 1:
		return hashyard.Invalid.Errorf("devchain: work scale %d is below 1", w.WorkScale)
	case saltErr != nil || len(salt) != 8:
		return hashyard.Invalid.Errorf("devchain: salt %q is not 8 bytes of hex", w.Salt)
	}
	for i, g := range w.Bootstrap {
		if _, err := hex.DecodeString(g.Script); err != nil {
			return hashyard.Invalid.Errorf("devchain: bootstrap %d: script is not hex", i)
		}
	}
	return nil
}

// agree refuses to open a world with other parameters than it was made with:
// its history was valued under them.
func (w *world) agree(cfg Config) error {
	differs := func(what string, has, want any) error {
		return hashyard.Conflict.Errorf("chain in %s was made with %s %v, not %v: reset it or configure the same", cfg.Dir, what, has, want)
	}
	switch {
	case cfg.Bits != 0 && cfg.Bits != w.Bits:
		return differs("bits", fmt.Sprintf("%08x", w.Bits), fmt.Sprintf("%08x", cfg.Bits))
	case cfg.Subsidy != 0 && cfg.Subsidy != w.Subsidy:
		return differs("subsidy", w.Subsidy, cfg.Subsidy)
	case cfg.WorkScale != 0 && cfg.WorkScale != w.WorkScale:
		return differs("work scale", w.WorkScale, cfg.WorkScale)
	}
	want, err := grants(cfg.Bootstrap)
	if err != nil {
		return err
	}
	if len(want) > len(w.Bootstrap) {
		return differs("bootstrap payments", len(w.Bootstrap), len(want))
	}
	for i := range want {
		if want[i] != w.Bootstrap[i] {
			return differs("bootstrap payment", w.Bootstrap[i], want[i])
		}
	}
	return nil
}

// loadWorld is nil, nil for a folder that is absent or empty.
func loadWorld(dir string) (*world, error) {
	raw, err := os.ReadFile(filepath.Join(dir, worldFile))
	if errors.Is(err, fs.ErrNotExist) {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, hashyard.Invalid.Errorf("devchain: %w", err)
		}
		if len(entries) > 0 {
			return nil, hashyard.Conflict.Errorf("devchain: folder %s holds other files than a chain's; name an empty one", dir)
		}
		return nil, nil
	}
	if err != nil {
		return nil, hashyard.Invalid.Errorf("devchain: %w", err)
	}
	return decodeWorld(raw)
}

func decodeWorld(raw []byte) (*world, error) {
	w := new(world)
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(w); err != nil {
		return nil, hashyard.Invalid.Errorf("devchain: %s: %w", worldFile, err)
	}
	return w, w.check()
}
