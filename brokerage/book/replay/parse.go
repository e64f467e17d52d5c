package replay

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"strings"

	"hashyard"
	"hashyard/brokerage/book"
)

// Format describes a command, for people.
const Format = `Commands are JSON objects, one a line; empty lines and lines that begin with # are skipped.

  {"op":"new","id":"a1","side":"sell","price":1850000,"qty":10}
  {"op":"new","id":"b1","side":"buy","qty":4,"type":"market","collar":5000,"owner":"acme"}
  {"op":"replace","id":"a1","price":1840000,"qty":6}
  {"op":"cancel","id":"a1"}
  {"op":"expire","time":1767225600}      closes GTD orders whose time has come
  {"op":"mass_cancel","owner":"acme"}    without an owner: every order
  {"op":"halt"}
  {"op":"resume","reference":1845000}    auction, then trading

An order may have: type limit|market, tif gtc|gtd|ioc|fok, expires (with gtd), post_only, aon, min_qty,
lot, owner (beneficial owner; without one an order never meets its own), stp
cancel_newest|cancel_oldest|cancel_both|decrement, collar (of a market order; its price, if any, is the
worst one). Prices are whole milli-cents per TH, or sats; quantities whole units. Ids and owners are
texts or numbers. cancel and replace find an order by its id; an owner given there must be the order's.
replace without price or qty keeps that; qty is what is wanted from now on, beside what has traded.`

// The kinds of commands.
const (
	opNew        = "new"
	opCancel     = "cancel"
	opReplace    = "replace"
	opExpire     = "expire"
	opMassCancel = "mass_cancel"
	opHalt       = "halt"
	opResume     = "resume"
)

// Command is a line that was understood.
type Command struct {
	op       string
	order    book.Order
	owned    bool // an owner was given
	hasPrice bool
	hasQty   bool
	time     int64
	names    map[hashyard.ID]string
}

// raw is a line as it is spelled.
type raw struct {
	Op        word  `json:"op"`
	ID        name  `json:"id"`
	Owner     name  `json:"owner"`
	Side      word  `json:"side"`
	Type      word  `json:"type"`
	TIF       word  `json:"tif"`
	STP       word  `json:"stp"`
	Price     whole `json:"price"`
	Qty       whole `json:"qty"`
	MinQty    whole `json:"min_qty"`
	Lot       whole `json:"lot"`
	Collar    whole `json:"collar"`
	Expires   whole `json:"expires"`
	Time      whole `json:"time"`
	Reference whole `json:"reference"`
	PostOnly  bool  `json:"post_only"`
	AON       bool  `json:"aon"`
}

// aliases are other spellings of names and words that people use.
var aliases = map[string]string{
	"add": opNew, "place": opNew, "order": opNew, "limit_order": opNew, "amend": opReplace, "modify": opReplace,
	"cancel_replace": opReplace, "delete": opCancel, "cancel_all": opMassCancel, "masscancel": opMassCancel,
	"clock": opExpire, "auction": opResume, "open": opResume,
	"buy": "bid", "b": "bid", "sell": "ask", "s": "ask", "offer": "ask",
	"newest": "cancel-newest", "oldest": "cancel-oldest", "both": "cancel-both", "decrement_and_cancel": "decrement",
	"good_till_cancel": "gtc", "good_till_date": "gtd", "immediate_or_cancel": "ioc", "fill_or_kill": "fok", "day": "gtd",
}

// Parse reads one line. hashyard.Invalid says what is wrong with it.
func Parse(line []byte) (Command, error) {
	var r raw
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return Command{}, hashyard.Invalid.Errorf("no command: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return Command{}, hashyard.Invalid.Errorf("no command: there is more behind the object")
	}
	c := Command{op: string(r.Op), names: map[hashyard.ID]string{}, hasPrice: r.Price.set, hasQty: r.Qty.set, owned: r.Owner.set}
	if a, ok := aliases[c.op]; ok {
		c.op = a
	}
	switch c.op {
	case opNew, opCancel, opReplace:
		if !r.ID.set || r.ID.text == "" {
			return c, hashyard.Invalid.Errorf("%s without an id", c.op)
		}
	case opExpire:
		if !r.Time.set {
			return c, hashyard.Invalid.Errorf("expire without a time")
		}
	case opMassCancel, opHalt, opResume:
	default:
		return c, hashyard.Invalid.Errorf("op %.40q is not one of new, cancel, replace, expire, mass_cancel, halt, resume", c.op)
	}
	c.time = r.Time.n
	if c.op == opResume {
		c.time = r.Reference.n
	}
	return c, c.orderOf(r)
}

func (c *Command) orderOf(r raw) error {
	o := &c.order
	if r.ID.set {
		o.ID = digest("order", r.ID.text)
		c.names[o.ID] = r.ID.text
		o.Org = digest("owner of", r.ID.text)
	}
	if r.Owner.set {
		o.Org = digest("owner", r.Owner.text)
	}
	o.Price, o.Collar = hashyard.MilliCentsPerTH(r.Price.n), hashyard.MilliCentsPerTH(r.Collar.n)
	o.Units, o.Min, o.Lot, o.Expires = r.Qty.n, r.MinQty.n, r.Lot.n, r.Expires.n
	o.PostOnly, o.AON = r.PostOnly, r.AON
	if c.op != opNew {
		return nil
	}
	if r.Side == "" || !r.Qty.set {
		return hashyard.Invalid.Errorf("a new order needs a side and a qty")
	}
	for _, f := range []struct {
		word word
		into interface{ UnmarshalText(text []byte) error }
	}{{r.Side, &o.Side}, {r.Type, &o.Type}, {r.TIF, &o.TIF}, {r.STP, &o.STP}} {
		if f.word == "" {
			continue
		}
		w := string(f.word)
		if a, ok := aliases[w]; ok {
			w = a
		}
		if err := f.into.UnmarshalText([]byte(strings.ReplaceAll(w, "_", "-"))); err != nil {
			return err
		}
	}
	return nil
}

// on carries the command out.
func (c *Command) on(b *book.Book, out []book.Event) []book.Event {
	o := c.order
	if c.op == opCancel || c.op == opReplace {
		if r, ok := b.Resting(o.ID); ok {
			if !c.owned {
				o.Org = r.Org
			}
			if !c.hasPrice {
				o.Price = r.Price
			}
			if !c.hasQty {
				o.Units = r.Units
			}
		}
	}
	switch c.op {
	case opCancel:
		return b.Cancel(o.ID, o.Org, out)
	case opReplace:
		return b.Replace(o.ID, o.Org, o.Price, o.Units, out)
	case opMassCancel:
		return b.CancelAll(o.Org, out)
	case opExpire:
		return b.Expire(c.time, out)
	case opHalt:
		return b.Halt(out)
	case opResume:
		return b.Resume(hashyard.MilliCentsPerTH(max(c.time, 0)), out)
	}
	return b.Place(o, out)
}

// digest makes an id of a text.
func digest(kind, text string) (id hashyard.ID) {
	sum := sha256.Sum256([]byte(kind + "\x00" + text))
	copy(id[:], sum[:])
	return id
}

// word is an enumeration's word: case, spaces and dashes do not matter.
type word string

// UnmarshalText implements encoding.TextUnmarshaler.
func (w *word) UnmarshalText(b []byte) error {
	*w = word(strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(strings.TrimSpace(string(b)))))
	return nil
}

// name is a text, or a number as it is spelled.
type name struct {
	text string
	set  bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *name) UnmarshalJSON(b []byte) error {
	switch {
	case bytes.Equal(b, []byte("null")):
		return nil
	case len(b) > 0 && b[0] == '"':
		n.set = true
		return json.Unmarshal(b, &n.text)
	case len(b) > 0 && (b[0] == '-' || b[0] >= '0' && b[0] <= '9'):
		n.text, n.set = string(b), true
		return nil
	}
	return fmt.Errorf("%.20s is neither a text nor a number", b)
}

// whole is a number without a fraction; 5.0 and 5e3 are such.
type whole struct {
	n   int64
	set bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (w *whole) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	if len(b) > 0 && b[0] == '"' {
		b = bytes.Trim(b, `"`)
	}
	if len(b) > 40 || bytes.ContainsAny(b, "/_xXpP") { // what big.Rat reads and JSON does not have
		return fmt.Errorf("%.40s is not a whole number", b)
	}
	if i := bytes.IndexAny(b, "eE"); i >= 0 && len(b)-i > 4 {
		return fmt.Errorf("%.40s is not a whole number", b)
	}
	r, ok := new(big.Rat).SetString(string(b))
	if !ok || !r.IsInt() || !r.Num().IsInt64() {
		return fmt.Errorf("%.40s is not a whole number that fits", b)
	}
	w.n, w.set = r.Num().Int64(), true
	return nil
}
