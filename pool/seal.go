package pool

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"time"

	"hashyard"
	"hashyard/pool/fpps"
	"hashyard/pool/statement"
)

// Sealed is a statement as it was signed.
type Sealed struct {
	Statement hashyard.ID
	Body      []byte
	PublicKey ed25519.PublicKey
	Signature []byte
	At        time.Time
}

// statementKey signs statements. It derives from the server's key as workers'
// secrets do, so that there is one secret to keep and to back up.
func statementKey(serverKey []byte) ed25519.PrivateKey {
	mac := hmac.New(sha256.New, serverKey)
	mac.Write([]byte("hashyard pool statement key 1")) // hash.Hash never fails to write
	return ed25519.NewKeyFromSeed(mac.Sum(nil))
}

// StatementKey is the public half of the key that signs statements.
func (s *Service) StatementKey() ed25519.PublicKey {
	return statementKey(s.cfg.ServerKey).Public().(ed25519.PublicKey) //nolint:forcetypeassert // as documented
}

// sealsAtOnce is how many statements one round signs.
const sealsAtOnce = 50

// seal signs statements that are not signed yet; what is signed stays.
func (s *Service) seal(ctx context.Context) error {
	if !s.unsigned {
		return nil // nothing was settled since all were
	}
	ids, err := s.store.Unsealed(ctx, sealsAtOnce)
	if err != nil {
		return err
	}
	key := statementKey(s.cfg.ServerKey)
	for _, id := range ids {
		doc, err := s.document(ctx, id)
		if err != nil {
			return fmt.Errorf("sign statement %s: %w", id, err)
		}
		body, err := doc.Body()
		if err != nil {
			return err
		}
		sig, err := statement.Sign(key, body)
		if err != nil {
			return fmt.Errorf("sign statement %s: %w", id, err)
		}
		err = s.store.PutSeal(ctx, Sealed{Statement: id, Body: body, PublicKey: s.StatementKey(), Signature: sig, At: s.cfg.Now().UTC()})
		if err != nil {
			return err
		}
	}
	s.unsigned = len(ids) == sealsAtOnce
	return nil
}

// document writes a statement down.
func (s *Service) document(ctx context.Context, id hashyard.ID) (statement.Statement, error) {
	st, lines, err := s.store.Statement(ctx, hashyard.SystemActor("pool.seal"), id)
	if err != nil {
		return statement.Statement{}, err
	}
	receipts, err := s.store.Receipts(ctx, id)
	if err != nil {
		return statement.Statement{}, err
	}
	doc := statement.Statement{
		Format: statement.Format, ID: st.ID, Account: st.Account, Org: st.Org, Network: s.cfg.Network, From: st.Start, To: st.End, SettledAt: st.Created,
		Rates: []statement.Rate{}, Workers: []statement.Worker{}, Work: st.Work, Shares: st.Shares, GrossExact: st.GrossExact, NetExact: st.NetExact,
		GrossSats: st.Gross, FeeSats: st.Fee, NetSats: st.Net, ResidueSats: st.Residue,
	}
	slices.SortFunc(lines, func(a, b EpochLine) int {
		return cmp.Or(bytes.Compare(a.Worker[:], b.Worker[:]), a.Epoch.Start.Compare(b.Epoch.Start), bytes.Compare(a.Epoch.ID[:], b.Epoch.ID[:]))
	})
	seen := map[hashyard.ID]bool{}
	net := new(big.Rat)
	for i, l := range lines {
		if !seen[l.Epoch.ID] {
			seen[l.Epoch.ID] = true
			doc.Rates = append(doc.Rates, rateOf(l.Epoch))
		}
		if i == 0 || l.Worker != lines[i-1].Worker {
			doc.Workers = append(doc.Workers, statement.Worker{ID: l.Worker, User: l.User, Unit: l.Unit, Receipt: receipts[l.Worker]})
			net = new(big.Rat)
		}
		w := &doc.Workers[len(doc.Workers)-1]
		n := l.Epoch.Net(l.Work)
		net.Add(net, n)
		w.Work, w.Shares, w.NetExact = w.Work.Add(l.Work), w.Shares+l.Shares, net.String()
		w.Lines = append(w.Lines, statement.Line{
			Rate: l.Epoch.ID, Work: l.Work, Shares: l.Shares, GrossExact: l.Epoch.Gross(l.Work).String(), NetExact: n.String(),
		})
	}
	return doc, doc.Seal()
}

func rateOf(e Epoch) statement.Rate {
	return statement.Rate{
		ID: e.ID, PeriodStart: e.Start, PeriodEnd: e.End, NBits: fmt.Sprintf("%08x", e.NBits), SubsidySats: e.Subsidy,
		FeeMethod: string(e.FeeMethod), FeeWindow: e.FeeWindow, FeeTipHash: ShowHash(e.FeeTip), FeeSumSats: e.FeeSum, FeeCount: e.FeeN,
		SubsidySumSats: e.SubsidySum, FeePPM: e.FeePPM,
	}
}

// SignedStatement is a statement with its signature and the blocks of its fee
// indexes, as a file that anybody can check.
func (s *Service) SignedStatement(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (statement.File, error) {
	_, lines, err := s.store.Statement(ctx, actor, id)
	if err != nil {
		return statement.File{}, fmt.Errorf("statement %s: %w", id, err)
	}
	sealed, err := s.store.Seal(ctx, id)
	if kind, ok := hashyard.KindOf(err); ok && kind == hashyard.NotFound {
		return statement.File{}, hashyard.Conflict.Errorf("statement %s is about to be signed: ask again in a moment", id)
	}
	if err != nil {
		return statement.File{}, err
	}
	blocks, err := s.indexBlocks(ctx, lines)
	if err != nil {
		return statement.File{}, fmt.Errorf("statement %s: %w", id, err)
	}
	return statement.File{Statement: sealed.Body, Blocks: blocks, Signature: statement.SignatureOf(sealed.PublicKey, sealed.Signature)}, nil
}

// indexBlocks are all blocks that the rates of lines were read from, newest
// first, with those that ended a look back.
func (s *Service) indexBlocks(ctx context.Context, lines []EpochLine) ([]statement.Block, error) {
	byHash, looked := map[[32]byte]fpps.Block{}, map[hashyard.ID]bool{}
	for _, l := range lines {
		if looked[l.Epoch.ID] {
			continue
		}
		looked[l.Epoch.ID] = true
		chain, err := s.feeChain(ctx, l.Epoch.FeeMethod, fpps.Span{Window: l.Epoch.FeeWindow, Start: l.Epoch.Start, End: l.Epoch.End}, l.Epoch.FeeTip)
		if err != nil {
			return nil, err
		}
		for _, b := range chain {
			byHash[b.Hash] = b
		}
	}
	out := make([]statement.Block, 0, len(byHash))
	for _, b := range byHash {
		out = append(out, statement.Block{
			Hash: ShowHash(b.Hash), Prev: ShowHash(b.Prev), Height: b.Height, NBits: fmt.Sprintf("%08x", b.NBits), Time: b.Time,
			SubsidySats: b.Subsidy, FeesSats: b.Fees,
		})
	}
	slices.SortFunc(out, func(a, b statement.Block) int {
		return cmp.Or(cmp.Compare(b.Height, a.Height), cmp.Compare(a.Hash, b.Hash))
	})
	return out, nil
}

// InclusionProof shows that a worker's minutes are in a statement.
func (s *Service) InclusionProof(ctx context.Context, actor hashyard.Actor, id, worker hashyard.ID) (statement.Proof, error) {
	f, err := s.SignedStatement(ctx, actor, id)
	if err != nil {
		return statement.Proof{}, err
	}
	var doc statement.Statement
	if err := json.Unmarshal(f.Statement, &doc); err != nil {
		return statement.Proof{}, fmt.Errorf("statement %s: %w", id, err)
	}
	minutes, err := s.store.ReceiptMinutes(ctx, id, worker)
	if err != nil {
		return statement.Proof{}, fmt.Errorf("minutes of worker %s: %w", worker, err)
	}
	return doc.Prove(worker, minutes)
}

// ShowKey writes a public key as it is published.
func ShowKey(key ed25519.PublicKey) string { return hex.EncodeToString(key) }
