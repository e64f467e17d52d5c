package app

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/btcsuite/btcd/chainhash/v2"

	"hashyard"
	"hashyard/pool/node"
	"hashyard/pool/statement"
)

// Statement checks what the pool states.
type Statement struct {
	Verify StatementVerify `cmd:"" help:"Recompute a statement from its file alone and say what is not as it should be."`
}

// StatementVerify needs no installation: it is for whoever was paid.
type StatementVerify struct {
	File  string   `arg:"" type:"existingfile" help:"The statement as downloaded, statement.json."`
	Key   string   `help:"Public key of the house, 64 hex digits, as GET /api/v1/pool/statement-key tells it; without it the file's own is believed."`
	Proof []string `type:"existingfile" help:"Proofs of workers' minutes to check against the statement; may be given again."`
	Node  string   `help:"Address of a Bitcoin node, as that of serve, to compare the blocks of the fee indexes with."`

	out io.Writer
}

// errStatement ends the command with a failure after its lines were printed.
var errStatement = errors.New("the statement is not what its inputs say")

// Run prints a line for everything that is wrong, and fails if there is any.
func (s *StatementVerify) Run(ctx context.Context) error {
	if s.out == nil {
		s.out = os.Stdout
	}
	var key ed25519.PublicKey
	if s.Key != "" {
		b, err := hex.DecodeString(s.Key)
		if err != nil || len(b) != ed25519.PublicKeySize {
			return hashyard.Invalid.Errorf("--key is not 64 hex digits")
		}
		key = b
	}
	file, err := readBounded(s.File)
	if err != nil {
		return err
	}
	st, bad, err := statement.Verify(file, key)
	if err != nil {
		return fmt.Errorf("%s: %w", s.File, err)
	}
	for _, name := range s.Proof {
		b, err := readBounded(name)
		if err != nil {
			return err
		}
		var p statement.Proof
		if err := json.Unmarshal(b, &p); err != nil {
			return fmt.Errorf("%s is no proof: %w", name, err)
		}
		bad = append(bad, statement.VerifyProof(st, p)...)
	}
	if s.Node != "" {
		more, err := s.atNode(ctx, file)
		if err != nil {
			return err
		}
		bad = append(bad, more...)
	}
	for _, b := range bad {
		if _, err := fmt.Fprintln(s.out, "WRONG", b); err != nil {
			return err
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("%w: %d lines differ", errStatement, len(bad))
	}
	by := "its own key; give --key to hold it against the house's"
	if key != nil {
		by = "the key given"
	}
	_, err = fmt.Fprintf(s.out, "ok: statement %s, %s to %s: %d workers, %d rates, work %s in %d shares, %d sat less %d is %d; signed by %s\n",
		st.ID, st.From.UTC().Format("2006-01-02 15:04"), st.To.UTC().Format("2006-01-02 15:04"), len(st.Workers), len(st.Rates),
		st.Work, st.Shares, st.GrossSats, st.FeeSats, st.NetSats, by)
	return err
}

func readBounded(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, statement.MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return b, nil
}

// atNode compares every block of the file with the node's own. The fees of a
// node that does not tell them are what the coinbase took beyond the subsidy.
func (s *StatementVerify) atNode(ctx context.Context, file []byte) (bad []statement.Problem, err error) {
	f, _, err := statement.Parse(file)
	if err != nil {
		return nil, err
	}
	cfg, err := node.ParseConfig(s.Node)
	if err != nil {
		return nil, fmt.Errorf("--node: %w", err)
	}
	c, err := node.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("--node: %w", err)
	}
	defer c.Close()
	network, err := c.Network(ctx)
	if err != nil {
		return nil, fmt.Errorf("--node: %w", err)
	}
	chain := poolChain{node: c, subsidy: network.Subsidy}
	for _, b := range f.Blocks {
		where := "block " + b.Hash
		hash, err := chainhash.NewHashFromStr(b.Hash)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		got, err := chain.BlockFees(ctx, *hash)
		if errors.Is(err, hashyard.NotFound) {
			bad = append(bad, statement.Problem{Where: where, Says: "the node does not know it"})
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		is := fmt.Sprintf("height %d, after %s, bits %08x, %s, subsidy %d, fees %d", got.Height, node.Hash(got.Prev), got.NBits, got.Time.UTC().Format("2006-01-02T15:04:05"), got.Subsidy, got.Fees)
		says := fmt.Sprintf("height %d, after %s, bits %s, %s, subsidy %d, fees %d", b.Height, b.Prev, strings.ToLower(b.NBits), b.Time.UTC().Format("2006-01-02T15:04:05"), b.SubsidySats, b.FeesSats)
		if is != says {
			bad = append(bad, statement.Problem{Where: where, Says: "the node says " + is + "; the file says " + says})
		}
	}
	return bad, nil
}
