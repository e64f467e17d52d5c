package devchain

import (
	"encoding/hex"
	"math/big"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// The parameters that no world changes.
const (
	// Name is the chain's name in getblockchaininfo.
	Name = "hashyard-local"
	// Maturity is the depth at which a coinbase may be spent.
	Maturity = 5
	// Spacing is the intended time between blocks.
	Spacing = time.Minute
	// easyBits is the minimum difficulty, two hashes a block. Only blocks that
	// come easyGap after their parent may have it.
	easyBits = 0x207fffff
	easyGap  = 30 * 24 * time.Hour
	// bootstrapStep keeps the first blocks easy.
	bootstrapStep = easyGap + time.Minute
	// minBootstrap: with 16 blocks at birth the first mined height is 17, above
	// the heights whose one-byte BIP34 form old pool software gets wrong.
	minBootstrap = 16
	blockVersion = 0x20000000
	netMagic     = wire.BitcoinNet(0x64726179) // "yard"
	btcdSubsidy  = 50 * 100_000_000            // btcd's own rule, kept as a ceiling
)

// chainParams makes btcd's parameters of a world. Everything is allocated
// afresh: btcd ties deployment starters to one chain, so two chains in a
// process must not share them.
func chainParams(w *world) *chaincfg.Params {
	p := chaincfg.RegressionNetParams
	p.Name = Name
	p.Net = netMagic
	p.DNSSeeds = nil
	p.GenesisBlock = genesis(w)
	hash := p.GenesisBlock.BlockHash()
	p.GenesisHash = &hash
	limit := new(big.Int).Lsh(big.NewInt(1), 255)
	p.PowLimit = limit.Sub(limit, big.NewInt(1))
	p.PowLimitBits = easyBits
	p.PoWNoRetargeting = false
	p.ReduceMinDifficulty = true
	p.MinDiffReductionTime = easyGap
	p.TargetTimePerBlock = Spacing
	p.TargetTimespan = 100 * 365 * 24 * time.Hour // never reached: difficulty stays
	p.CoinbaseMaturity = Maturity
	p.SubsidyReductionInterval = 0
	p.BIP0034Height, p.BIP0065Height, p.BIP0066Height = 1, 1, 1
	p.Checkpoints = nil
	p.Deployments = deployments()
	return &p
}

func deployments() (d [chaincfg.DefinedDeployments]chaincfg.ConsensusDeployment) {
	never := time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range d {
		d[i] = chaincfg.ConsensusDeployment{
			BitNumber:         28,
			DeploymentStarter: chaincfg.NewMedianTimeDeploymentStarter(never),
			DeploymentEnder:   chaincfg.NewMedianTimeDeploymentEnder(time.Time{}),
		}
	}
	for _, rule := range []struct {
		id  int
		bit uint8
	}{{chaincfg.DeploymentCSV, 0}, {chaincfg.DeploymentSegwit, 1}, {chaincfg.DeploymentTaproot, 2}} {
		d[rule.id] = chaincfg.ConsensusDeployment{
			BitNumber:          rule.bit,
			AlwaysActiveHeight: 1,
			DeploymentStarter:  chaincfg.NewMedianTimeDeploymentStarter(time.Time{}),
			DeploymentEnder:    chaincfg.NewMedianTimeDeploymentEnder(time.Time{}),
		}
	}
	return d
}

// genesis is a world's own first block. Its proof of work is not checked by
// anyone and its bits are inherited, which is how the difficulty is chosen.
func genesis(w *world) *wire.MsgBlock {
	salt, _ := hex.DecodeString(w.Salt) // checked by world.check
	script, err := txscript.NewScriptBuilder().AddData(salt).AddData([]byte("hashyard local world")).Script()
	if err != nil {
		panic(err) // two short pushes always fit
	}
	coinbase := wire.NewMsgTx(1)
	coinbase.AddTxIn(&wire.TxIn{
		PreviousOutPoint: wire.OutPoint{Index: wire.MaxPrevOutIndex},
		SignatureScript:  script,
		Sequence:         wire.MaxTxInSequenceNum,
	})
	coinbase.AddTxOut(&wire.TxOut{PkScript: burnScript()})
	block := wire.NewMsgBlock(&wire.BlockHeader{
		Version:    blockVersion,
		PrevBlock:  chainhash.Hash{},
		MerkleRoot: coinbase.TxHash(),
		Timestamp:  time.Unix(w.Genesis, 0),
		Bits:       w.Bits,
	})
	_ = block.AddTransaction(coinbase) // never fails below the block limit
	return block
}

// burnScript pays nobody.
func burnScript() []byte { return []byte{txscript.OP_RETURN} }
