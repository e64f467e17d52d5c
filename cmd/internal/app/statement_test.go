package app

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"hashyard"
	"hashyard/pool/node"
	"hashyard/pool/node/devchain"
	"hashyard/pool/node/devchain/devchaintest"
	"hashyard/pool/statement"
)

// statementFile writes a signed statement without work over blocks.
func statementFile(t *testing.T, blocks []statement.Block, change func(*statement.Statement)) (name, key string) {
	t.Helper()
	st := statement.Statement{Format: statement.Format, ID: hashyard.NewID(), GrossExact: "0/1", NetExact: "0/1", Rates: []statement.Rate{}, Workers: []statement.Worker{}}
	change(&st)
	body, err := st.Body()
	if err != nil {
		t.Fatal(err)
	}
	private := ed25519.NewKeyFromSeed(make([]byte, 32))
	sig, err := statement.Sign(private, body)
	if err != nil {
		t.Fatal(err)
	}
	public := private.Public().(ed25519.PublicKey) //nolint:forcetypeassert // as documented
	b, err := json.Marshal(statement.File{Statement: body, Blocks: blocks, Signature: statement.SignatureOf(public, sig)})
	if err != nil {
		t.Fatal(err)
	}
	name = filepath.Join(t.TempDir(), "statement.json")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name, hex.EncodeToString(public)
}

func TestStatementsAreVerifiedOffline(t *testing.T) {
	t.Parallel()
	good, key := statementFile(t, []statement.Block{}, func(*statement.Statement) {})
	bad, _ := statementFile(t, []statement.Block{}, func(s *statement.Statement) { s.NetSats = 7 })
	run := func(v StatementVerify) (string, error) {
		var out bytes.Buffer
		v.out = &out
		err := v.Run(t.Context())
		return out.String(), err
	}
	if out, err := run(StatementVerify{File: good, Key: key}); err != nil || !strings.HasPrefix(out, "ok: ") {
		t.Errorf("%s %v", out, err)
	}
	if out, err := run(StatementVerify{File: bad, Key: key}); !errors.Is(err, errStatement) || !strings.Contains(out, "WRONG total: rounded down once") {
		t.Errorf("%s %v", out, err)
	}
	if out, err := run(StatementVerify{File: good, Key: strings.Repeat("0", 64)}); !errors.Is(err, errStatement) || !strings.Contains(out, "WRONG signature") {
		t.Errorf("%s %v", out, err)
	}
	if _, err := run(StatementVerify{File: good, Key: "0"}); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("a short key: %v", err)
	}
	if _, err := run(StatementVerify{File: "statement.go"}); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("no statement: %v", err)
	}
}

// The blocks of a file are held against a node's own.
func TestStatementsAgainstANode(t *testing.T) {
	t.Parallel()
	w := devchaintest.Start(t, devchain.Config{})
	hashes := w.Mine(t, 2, devchaintest.NewKey("miner").Script())
	network, err := w.Client.Network(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var blocks []statement.Block
	for _, h := range hashes {
		b, err := poolChain{node: w.Client, subsidy: network.Subsidy}.BlockFees(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, statement.Block{
			Hash: node.Hash(b.Hash).String(), Prev: chainhash.Hash(b.Prev).String(), Height: b.Height, NBits: hex.EncodeToString([]byte{byte(b.NBits >> 24), byte(b.NBits >> 16 & 0xff), byte(b.NBits >> 8 & 0xff), byte(b.NBits & 0xff)}),
			Time: b.Time, SubsidySats: b.Subsidy, FeesSats: b.Fees,
		})
	}
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte(w.Password), 0o600); err != nil {
		t.Fatal(err)
	}
	check := func(blocks []statement.Block) (string, error) {
		name, _ := statementFile(t, blocks, func(*statement.Statement) {})
		var out bytes.Buffer
		v := StatementVerify{File: name, Node: w.URL + "?user=" + w.User + "&password-file=" + secret, out: &out}
		err := v.Run(t.Context())
		return out.String(), err
	}
	if out, err := check(blocks); err != nil {
		t.Errorf("%s %v", out, err)
	}
	blocks[0].FeesSats++
	if out, err := check(blocks); !errors.Is(err, errStatement) || !strings.Contains(out, "WRONG block "+blocks[0].Hash) {
		t.Errorf("%s %v", out, err)
	}
	blocks[1].Hash = strings.Repeat("ab", 32)
	if out, err := check(blocks[1:]); !errors.Is(err, errStatement) || !strings.Contains(out, "does not know it") {
		t.Errorf("%s %v", out, err)
	}
}
