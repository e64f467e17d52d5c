package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hashyard"
)

// Hash is the hash of a link.
type Hash [sha256.Size]byte

// MarshalText writes hex.
func (h Hash) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h[:])), nil }

// UnmarshalText reads hex.
func (h *Hash) UnmarshalText(b []byte) error {
	raw, err := hex.DecodeString(string(b))
	if err != nil || len(raw) != len(h) {
		return hashyard.Invalid.Errorf("hash %.80q: not %d bytes in hex", b, len(h))
	}
	copy(h[:], raw)
	return nil
}

// Row is an audit row as it is stored; JSON is the text the database writes.
type Row struct {
	ID            hashyard.ID
	Org           hashyard.ID // zero: of no organisation
	At            time.Time
	Actor         string
	Command       string
	RefKind       string
	RefID         hashyard.ID
	Before, After *string
}

// Link is one row's place in a chain.
type Link struct {
	Seq  int64
	ID   hashyard.ID // of the audit row
	Hash Hash
	Row  *Row // nil: there is no such row any more
}

// next is the hash of the link that follows before; the database computes the
// same in hashyard_audit_hash.
func next(before []byte, chain hashyard.ID, seq int64, r Row) Hash {
	var b strings.Builder
	put := func(v string) {
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(len(v)))
		b.WriteByte(':')
		b.WriteString(v)
	}
	id := func(v hashyard.ID) {
		if v.IsZero() {
			b.WriteString(",-")
			return
		}
		put(v.String())
	}
	json := func(v *string) {
		if v == nil {
			b.WriteString(",-")
			return
		}
		put(*v)
	}
	put("hashyard audit 1")
	put(chain.String())
	put(strconv.FormatInt(seq, 10))
	id(r.ID)
	id(r.Org)
	put(r.At.UTC().Format("2006-01-02T15:04:05.000000"))
	put(r.Actor)
	put(r.Command)
	put(r.RefKind)
	id(r.RefID)
	json(r.Before)
	json(r.After)
	h := sha256.New()
	h.Write(before)
	h.Write([]byte(b.String()))
	return Hash(h.Sum(nil))
}

// Head is the last link of a chain.
type Head struct {
	At    time.Time   `json:"at" doc:"When it was looked at."`
	Chain hashyard.ID `json:"chain" doc:"The organisation; empty for the house's acts that concern nobody in particular."`
	Seq   int64       `json:"seq"`
	Hash  Hash        `json:"hash"`
}

// Finding is the first thing that is wrong with a chain.
type Finding struct {
	Seq  int64       `json:"seq,omitempty"`
	Row  hashyard.ID `json:"row_id,omitzero" doc:"The audit row."`
	What string      `json:"what"`
}

// Report is what a check of one chain says.
type Report struct {
	Chain hashyard.ID `json:"chain,omitzero" doc:"The organisation; absent for the house's acts that concern nobody in particular."`
	Rows  int64       `json:"rows" doc:"Links that were found to be as they were made."`
	Head  *Head       `json:"head,omitempty" doc:"The last good link."`
	Bad   *Finding    `json:"bad,omitempty" doc:"The first bad one; absent where all is well."`
}

// Store reads the trail. A tenant's actor sees its own chain alone.
type Store interface {
	// Chains are the organisations that have a chain, the zero id included.
	Chains(ctx context.Context, actor hashyard.Actor) ([]hashyard.ID, error)
	// Links are up to n links of a chain after seq, in order.
	Links(ctx context.Context, actor hashyard.Actor, chain hashyard.ID, seq int64, n int) ([]Link, error)
	// Loose is the first row of the organisation that is in no chain; the zero
	// id if there is none.
	Loose(ctx context.Context, actor hashyard.Actor, chain hashyard.ID) (hashyard.ID, error)
}

// pageSize bounds what a check holds in memory.
const pageSize = 2000

// Verify walks a chain from its beginning. known are heads that were exported
// before: a chain has to go through each of this chain's.
func Verify(ctx context.Context, st Store, actor hashyard.Actor, chain hashyard.ID, known []Head, now time.Time) (Report, error) {
	w := walk{Report: Report{Chain: chain}, known: map[int64]Head{}}
	for _, h := range known {
		if h.Chain == chain {
			if was, ok := w.known[h.Seq]; ok && was.Hash != h.Hash {
				w.Bad = &Finding{Seq: h.Seq, What: fmt.Sprintf("was exported with two hashes, at %s and %s: the chain was made anew between", was.At.Format(time.RFC3339), h.At.Format(time.RFC3339))}
				return w.Report, nil
			}
			w.known[h.Seq] = h
		}
	}
	for {
		links, err := st.Links(ctx, actor, chain, w.Rows, pageSize)
		if err != nil {
			return w.Report, fmt.Errorf("audit chain %s: %w", chain, err)
		}
		for _, l := range links {
			if w.Bad = w.link(l); w.Bad != nil {
				return w.Report, nil
			}
			w.Head.At = now
		}
		if len(links) < pageSize {
			break
		}
	}
	for seq, h := range w.known {
		if seq > w.Rows && (w.Bad == nil || seq < w.Bad.Seq) {
			w.Bad = &Finding{Seq: seq, What: fmt.Sprintf("the chain ends at %d: what was exported at %s is cut off", w.Rows, h.At.Format(time.RFC3339))}
		}
	}
	if w.Bad != nil {
		return w.Report, nil
	}
	loose, err := st.Loose(ctx, actor, chain)
	if err != nil {
		return w.Report, fmt.Errorf("audit chain %s: %w", chain, err)
	}
	if !loose.IsZero() {
		w.Bad = &Finding{Row: loose, What: "is in no chain: it was put in past the database's own way, or its link was taken out"}
	}
	return w.Report, nil
}

// VerifyAll checks every chain the actor may read, and those known heads tell
// of that are gone altogether.
func VerifyAll(ctx context.Context, st Store, actor hashyard.Actor, known []Head, now time.Time) ([]Report, error) {
	chains, err := st.Chains(ctx, actor)
	if err != nil {
		return nil, fmt.Errorf("audit chains: %w", err)
	}
	for _, h := range known {
		if !slices.Contains(chains, h.Chain) {
			chains = append(chains, h.Chain)
		}
	}
	out := make([]Report, len(chains))
	for i, c := range chains {
		if out[i], err = Verify(ctx, st, actor, c, known, now); err != nil {
			return nil, err
		}
	}
	return out, nil
}

type walk struct {
	Report
	known map[int64]Head
	hash  []byte
}

// link checks the next link.
func (w *walk) link(l Link) *Finding {
	bad := func(format string, args ...any) *Finding {
		return &Finding{Seq: l.Seq, Row: l.ID, What: fmt.Sprintf(format, args...)}
	}
	switch {
	case l.Seq != w.Rows+1:
		return &Finding{Seq: w.Rows + 1, What: fmt.Sprintf("link is missing; the next one is %d", l.Seq)}
	case l.Row == nil:
		return bad("row was deleted")
	}
	want := next(w.hash, w.Chain, l.Seq, *l.Row)
	if !bytes.Equal(want[:], l.Hash[:]) {
		return bad("row or an earlier one is not what was written: its hash does not follow")
	}
	if h, ok := w.known[l.Seq]; ok && h.Hash != l.Hash {
		return bad("hash is not the one exported at %s: the chain was made anew", h.At.Format(time.RFC3339))
	}
	w.hash, w.Rows = l.Hash[:], l.Seq
	w.Head = &Head{Chain: w.Chain, Seq: l.Seq, Hash: l.Hash}
	return nil
}
