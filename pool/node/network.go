package node

import (
	"context"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"

	"hashyard"
)

// LocalChain is the name devchain gives its network.
const LocalChain = "hashyard-local"

// maxScale keeps a wrong reply from making hashrates meaningless: 10^12 hashes
// shown for each done.
const maxScale = 1_000_000_000_000

// Network is what the pool must know of the chain it mines and never takes from
// configuration: it is read from the node, and for real networks it is constant.
type Network struct {
	Name     string // main, test, testnet4, signet, regtest, simnet or LocalChain
	Genesis  Hash
	Maturity int64 // blocks after which a coinbase may be spent
	// WorkScale is 1 on every real network.
	WorkScale hashyard.Scale
	Spacing   time.Duration // intended time between blocks
	Subsidy   SubsidyRule
	Bits      BitsRule
	// Address forms.
	HRP          string
	PubKeyHashID byte
	ScriptHashID byte
}

// Real reports whether coins of this network may be worth something.
func (n Network) Real() bool { return n.Name == "main" }

// Public reports whether the network has strangers in it: a node without peers
// or with an old tip is cut off there.
func (n Network) Public() bool {
	switch n.Name {
	case "main", "test", "testnet4", "signet":
		return true
	}
	return false
}

// SubsidyRule is what a block creates: Initial, halved every Halving blocks
// (never when Halving is 0). The local chain's first Bootstrap blocks are given
// at its birth and follow no rule.
type SubsidyRule struct {
	Initial   hashyard.Sats
	Halving   int64
	Bootstrap int64
}

// At is the subsidy of the block at a height.
func (r SubsidyRule) At(height int64) hashyard.Sats {
	if r.Halving == 0 {
		return r.Initial
	}
	n := height / r.Halving
	if n >= 63 {
		return 0
	}
	return r.Initial >> n
}

type wireChainInfo struct {
	Chain         string  `json:"chain"`
	Blocks        int64   `json:"blocks"`
	Headers       int64   `json:"headers"`
	BestBlockHash string  `json:"bestblockhash"`
	Difficulty    float64 `json:"difficulty"`
	MedianTime    int64   `json:"mediantime"`
	InitialSync   bool    `json:"initialblockdownload"`
	// Only devchain writes these.
	Maturity  *int64         `json:"coinbase_maturity"`
	WorkScale *int64         `json:"work_scale"`
	Subsidy   *hashyard.Sats `json:"subsidy"`
	Spacing   *int64         `json:"target_spacing"`
	Bootstrap *int64         `json:"bootstrap_height"`
}

// ChainInfo is the state of the node's chain.
type ChainInfo struct {
	Chain       string
	Blocks      int64
	Headers     int64
	BestHash    Hash
	Difficulty  float64 // as the node shows it; never a basis for money
	MedianTime  time.Time
	InitialSync bool // Core is still downloading: its tip is not the tip
}

// ChainInfo asks for the chain's state.
func (c *Client) ChainInfo(ctx context.Context) (ChainInfo, error) {
	var w wireChainInfo
	if err := c.call(ctx, &w, "getblockchaininfo"); err != nil {
		return ChainInfo{}, err
	}
	best, err := parseHash(w.BestBlockHash)
	if err != nil {
		return ChainInfo{}, err
	}
	return ChainInfo{
		Chain: w.Chain, Blocks: w.Blocks, Headers: w.Headers, BestHash: best, Difficulty: w.Difficulty,
		MedianTime: time.Unix(w.MedianTime, 0).UTC(), InitialSync: w.InitialSync,
	}, nil
}

// NetworkInfo is the node's version and connections.
type NetworkInfo struct {
	Version     int64  `json:"version"`
	Subversion  string `json:"subversion"`
	Connections int64  `json:"connections"`
}

// NetworkInfo asks for them. btcd does not know the call (code -32601 or -1).
func (c *Client) NetworkInfo(ctx context.Context) (NetworkInfo, error) {
	var n NetworkInfo
	return n, c.call(ctx, &n, "getnetworkinfo")
}

// Network discovers the chain. It refuses a node whose chain it does not know,
// whose genesis block is not that chain's, or that claims a work scale on a
// chain other than devchain's.
func (c *Client) Network(ctx context.Context) (Network, error) {
	var w wireChainInfo
	if err := c.call(ctx, &w, "getblockchaininfo"); err != nil {
		return Network{}, err
	}
	genesis, err := c.BlockHash(ctx, 0)
	if err != nil {
		return Network{}, err
	}
	return w.network(genesis)
}

func (w *wireChainInfo) network(genesis Hash) (Network, error) {
	if w.Chain == LocalChain {
		return w.local(genesis)
	}
	name, p := realParams(w.Chain)
	if p == nil {
		return Network{}, hashyard.Invalid.Errorf("node: chain %.40q is not known", w.Chain)
	}
	if w.WorkScale != nil && *w.WorkScale != 1 {
		return Network{}, hashyard.Invalid.Errorf("node: chain %s with work scale %d; only the local chain has one", name, *w.WorkScale)
	}
	if genesis != *p.GenesisHash {
		return Network{}, hashyard.Invalid.Errorf("node: chain %s begins with %s, this node's with %s", name, p.GenesisHash, genesis)
	}
	n := describe(name, genesis, p)
	n.Maturity, n.WorkScale, n.Spacing = int64(p.CoinbaseMaturity), 1, p.TargetTimePerBlock
	n.Subsidy = SubsidyRule{Initial: 50 * 100_000_000, Halving: int64(p.SubsidyReductionInterval)}
	n.Bits = bitsRule(p)
	return n, nil
}

func (w *wireChainInfo) local(genesis Hash) (Network, error) {
	for _, name := range []string{"main", "test", "testnet4", "signet", "regtest", "simnet"} {
		if _, p := realParams(name); genesis == *p.GenesisHash {
			return Network{}, hashyard.Invalid.Errorf("node: says it is the local chain but begins as %s does", name)
		}
	}
	if w.Maturity == nil || w.WorkScale == nil || w.Subsidy == nil || w.Spacing == nil || w.Bootstrap == nil {
		return Network{}, hashyard.Invalid.Errorf("node: the local chain does not tell its parameters")
	}
	if *w.Maturity < 1 || *w.WorkScale < 1 || *w.WorkScale > maxScale || *w.Subsidy < 0 || *w.Subsidy > maxSats || *w.Spacing < 1 || *w.Bootstrap < 0 {
		return Network{}, hashyard.Invalid.Errorf("node: the local chain's parameters make no sense: maturity %d, work scale %d, subsidy %d, spacing %d",
			*w.Maturity, *w.WorkScale, *w.Subsidy, *w.Spacing)
	}
	n := describe(LocalChain, genesis, &chaincfg.RegressionNetParams)
	n.Maturity, n.WorkScale = *w.Maturity, hashyard.Scale(*w.WorkScale)
	n.Spacing = time.Duration(*w.Spacing) * time.Second
	n.Subsidy = SubsidyRule{Initial: *w.Subsidy, Bootstrap: *w.Bootstrap}
	// It never retargets. After a long rest its blocks get easy, like testnet's.
	n.Bits = BitsRule{Limit: chaincfg.RegressionNetParams.PowLimitBits, EasyAfter: localEasyAfter}
	return n, nil
}

func describe(name string, genesis Hash, p *chaincfg.Params) Network {
	return Network{
		Name: name, Genesis: genesis, HRP: p.Bech32HRPSegwit,
		PubKeyHashID: p.PubKeyHashAddrID, ScriptHashID: p.ScriptHashAddrID,
	}
}

// realParams knows each network under Core's name and btcd's.
func realParams(chain string) (string, *chaincfg.Params) {
	switch chain {
	case "main", "mainnet":
		return "main", &chaincfg.MainNetParams
	case "test", "testnet3":
		return "test", &chaincfg.TestNet3Params
	case "testnet4":
		return "testnet4", &chaincfg.TestNet4Params
	case "signet":
		return "signet", &chaincfg.SigNetParams
	case "regtest":
		return "regtest", &chaincfg.RegressionNetParams
	case "simnet":
		return "simnet", &chaincfg.SimNetParams
	}
	return "", nil
}
