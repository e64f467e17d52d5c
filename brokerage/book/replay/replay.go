// Package replay plays a file of commands on an order book and tells every
// event, so that anybody can try the book's rules. Commands are JSON objects, one
// a line; Format describes them. It is pure: bytes in, bytes out.
package replay

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"hashyard"
	"hashyard/brokerage/book"
)

// maxLine bounds a command, in bytes.
const maxLine = 64 << 10

// Config says what to print beside the events.
type Config struct {
	Depth  bool // best bid, best ask and the depth after every command
	Levels int  // prices a side of the depth; 0 is 10
}

// Run plays the commands of r and writes events to w, one JSON object a line,
// the last with the number of commands and the book's hash. It stops at the
// first line that is no command, with hashyard.Invalid and the line's number;
// what the book itself refuses is an event.
func Run(r io.Reader, w io.Writer, cfg Config) error {
	if cfg.Levels == 0 {
		cfg.Levels = 10
	}
	out := bufio.NewWriter(w)
	p := &player{cfg: cfg, book: book.New(), names: map[hashyard.ID]string{}, out: json.NewEncoder(out)}
	return errors.Join(p.play(r), out.Flush())
}

type player struct {
	cfg   Config
	book  *book.Book
	names map[hashyard.ID]string // ids as the file spells them
	out   *json.Encoder
	line  int
	count int
	seq   int64
	evs   []book.Event
}

func (p *player) play(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	for lines.Scan() {
		p.line++
		text := bytes.TrimSpace(bytes.TrimPrefix(lines.Bytes(), []byte("\xef\xbb\xbf")))
		if len(text) == 0 || text[0] == '#' {
			continue
		}
		c, err := Parse(text)
		if err != nil {
			return fmt.Errorf("line %d: %w", p.line, err)
		}
		if err := p.command(c); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			err = hashyard.Invalid.Errorf("more than %d bytes", maxLine)
		}
		return fmt.Errorf("line %d: %w", p.line+1, err)
	}
	hash := p.book.Hash()
	return p.out.Encode(end{Event: "end", Commands: p.count, Resting: p.book.Len(), Hash: fmt.Sprintf("%x", hash)})
}

func (p *player) command(c Command) error {
	p.count++
	for id, name := range c.names {
		p.names[id] = name
	}
	p.evs = c.on(p.book, p.evs[:0])
	for _, e := range p.evs {
		p.seq++
		if err := p.out.Encode(p.told(e)); err != nil {
			return err
		}
	}
	if !p.cfg.Depth {
		return nil
	}
	d := depth{Event: "depth", Line: p.line, Bids: p.side(book.Bid), Asks: p.side(book.Ask)}
	d.BestBid, d.BestAsk = first(d.Bids), first(d.Asks)
	return p.out.Encode(d)
}

// event is a line of the output.
type event struct {
	Seq       int64  `json:"seq"`
	Line      int    `json:"line"` // of the command
	Event     string `json:"event"`
	ID        string `json:"id,omitempty"`
	Maker     string `json:"maker,omitempty"`
	Price     *int64 `json:"price,omitempty"`
	Qty       *int64 `json:"qty,omitempty"`
	Left      *int64 `json:"left,omitempty"`
	MakerLeft *int64 `json:"maker_left,omitempty"`
	Reason    string `json:"reason,omitempty"`
}

func (p *player) told(e book.Event) event {
	out := event{Seq: p.seq, Line: p.line, Event: e.Kind.String(), ID: p.names[e.Order], Maker: p.names[e.Maker], Reason: e.Reason.String()}
	price := int64(e.Price)
	switch e.Kind {
	case book.Filled:
		out.Price, out.Qty, out.Left, out.MakerLeft = &price, &e.Units, &e.Left, &e.MakerLeft
	case book.Reduced:
		out.Qty, out.Left, out.MakerLeft = &e.Units, &e.Left, &e.MakerLeft
	case book.Rested, book.Replaced:
		out.Price, out.Left = &price, &e.Left
	case book.Auctioned:
		out.Price, out.Qty = &price, &e.Units
	case book.Closed:
		out.Left = &e.Left
	case book.Refused, book.Halted, book.Resumed:
	}
	return out
}

type level struct {
	Price  int64 `json:"price"`
	Qty    int64 `json:"qty"`
	Orders int   `json:"orders"`
}

type depth struct {
	Event   string  `json:"event"`
	Line    int     `json:"line"`
	BestBid *level  `json:"best_bid"`
	BestAsk *level  `json:"best_ask"`
	Bids    []level `json:"bids"`
	Asks    []level `json:"asks"`
}

type end struct {
	Event    string `json:"event"`
	Commands int    `json:"commands"`
	Resting  int    `json:"resting"`
	Hash     string `json:"hash"`
}

func (p *player) side(s book.Side) []level {
	out := []level{}
	for _, l := range p.book.Depth(s, p.cfg.Levels) {
		out = append(out, level{Price: int64(l.Price), Qty: l.Units, Orders: l.Orders})
	}
	return out
}

func first(ls []level) *level {
	if len(ls) == 0 {
		return nil
	}
	return &ls[0]
}
