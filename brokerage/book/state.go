package book

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"slices"

	"hashyard"
)

// Level is one price as everyone may see it.
type Level struct {
	Price  hashyard.MilliCentsPerTH `json:"price_mc"`
	Units  int64                    `json:"units"`
	Orders int                      `json:"orders"`
}

// Depth is the best n prices of a side, best first.
func (b *Book) Depth(s Side, n int) []Level {
	ls := b.sides[s]
	out := make([]Level, 0, min(n, len(ls)))
	for i := len(ls) - 1; i >= 0 && len(out) < n; i-- {
		out = append(out, Level{Price: ls[i].price, Units: ls[i].units, Orders: ls[i].count})
	}
	return out
}

// State is all of a book.
type State struct {
	Orders []Order // in any order; Seq is their time
	Halted bool
	Now    int64 // the latest moment Expire was told
}

// State is a snapshot: bids then asks, each side in priority order.
func (b *Book) State() State {
	out := State{Orders: make([]Order, 0, len(b.orders)), Halted: b.halted, Now: b.now}
	for s := Bid; s <= Ask; s++ {
		for _, l := range slices.Backward(b.sides[s]) {
			for n := l.head; n != nil; n = n.next {
				out.Orders = append(out.Orders, n.order)
			}
		}
	}
	return out
}

// Restore makes a book of a snapshot. Nothing trades. hashyard.Invalid means
// that no book ever had this state.
func Restore(st State) (*Book, error) {
	b := New()
	b.halted, b.now = st.Halted, st.Now
	for _, o := range slices.SortedStableFunc(slices.Values(st.Orders), func(x, y Order) int { return cmp.Compare(x.Seq, y.Seq) }) {
		if r := malformed(&o); r != None || o.TIF == IOC || o.TIF == FOK || o.Type == Market || b.orders[o.ID] != nil || o.Seq < b.seq {
			return nil, hashyard.Invalid.Errorf("restore the book: order %s cannot rest", o.ID)
		}
		b.seq = o.Seq
		b.rest(o)
	}
	return b, nil
}

// Hash names the state: equal books have equal hashes, whatever led to them.
func (b *Book) Hash() [32]byte {
	h := sha256.New()
	for s := Bid; s <= Ask; s++ {
		for _, l := range slices.Backward(b.sides[s]) {
			for n := l.head; n != nil; n = n.next {
				hashOrder(h, &n.order)
			}
		}
	}
	if b.halted || b.now != 0 {
		var buf [10]byte
		buf[0] = 'S'
		if b.halted {
			buf[1] = 1
		}
		binary.BigEndian.PutUint64(buf[2:], uint64(b.now))
		h.Write(buf[:])
	}
	// Across the sides age matters only where prices cross.
	if b.crossed() {
		for _, n := range b.crossing() {
			h.Write(n.order.ID[:])
		}
	}
	var out [32]byte
	h.Sum(out[:0])
	return out
}

// hashOrder writes 49 bytes for an order without attributes, more for others.
func hashOrder(h hash.Hash, o *Order) {
	var buf [80]byte
	buf[0] = byte(o.Side)
	copy(buf[1:17], o.ID[:])
	copy(buf[17:33], o.Org[:])
	binary.BigEndian.PutUint64(buf[33:41], uint64(o.Price))
	binary.BigEndian.PutUint64(buf[41:49], uint64(o.Units))
	n := 49
	if o.conditional() || o.TIF != GTC || o.STP != CancelNewest || o.PostOnly {
		buf[49], buf[50] = 'A', byte(o.TIF)
		buf[51] = byte(o.STP)
		if o.PostOnly {
			buf[52] |= 1
		}
		if o.AON {
			buf[52] |= 2
		}
		binary.BigEndian.PutUint64(buf[53:61], uint64(o.Min))
		binary.BigEndian.PutUint64(buf[61:69], uint64(o.Lot))
		binary.BigEndian.PutUint64(buf[69:77], uint64(o.Expires))
		n = 77
	}
	h.Write(buf[:n])
}
