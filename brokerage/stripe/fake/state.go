package fake

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"time"
)

// state is everything the double knows, and the layout of its file.
type state struct {
	Format     int                              `json:"format"`
	Seq        int64                            `json:"seq"` // numbers rows and deliveries
	Customers  table[customerRow, *customerRow] `json:"customers"`
	Intents    table[intentRow, *intentRow]     `json:"intents"`
	Charges    table[charge, *charge]           `json:"charges"`
	CashTxns   table[cashTxn, *cashTxn]         `json:"cash_transactions"`
	Accounts   table[accountRow, *accountRow]   `json:"accounts"`
	Transfers  table[transfer, *transfer]       `json:"transfers"`
	Refunds    table[refundRow, *refundRow]     `json:"refunds"`
	Txns       table[balanceTxn, *balanceTxn]   `json:"balance_transactions"`
	Events     table[eventRow, *eventRow]       `json:"events"`
	Deliveries []*delivery                      `json:"deliveries"`
	Keys       map[string]*savedReply           `json:"idempotency_keys"`
	Held       bool                             `json:"held"` // webhooks wait
}

// keyed is a row that knows its id.
type keyed[T any] interface {
	*T
	key() string
}

// table keeps rows in the order they were made and finds them by id.
type table[T any, P keyed[T]] struct {
	rows []P
	by   map[string]P
}

func (t *table[T, P]) add(row P) {
	if t.by == nil {
		t.by = map[string]P{}
	}
	t.rows = append(t.rows, row)
	t.by[row.key()] = row
}

func (t *table[T, P]) get(id string) (P, bool) {
	row, ok := t.by[id]
	return row, ok
}

// keep drops the rows that keep refuses.
func (t *table[T, P]) keep(keep func(P) bool) {
	kept := t.rows[:0:0]
	for _, row := range t.rows {
		if keep(row) {
			kept = append(kept, row)
		} else {
			delete(t.by, row.key())
		}
	}
	t.rows = kept
}

// MarshalJSON writes the rows as an array.
func (t table[T, P]) MarshalJSON() ([]byte, error) {
	if t.rows == nil {
		return []byte("[]"), nil
	}
	return json.Marshal(t.rows)
}

// UnmarshalJSON reads the array and indexes it again.
func (t *table[T, P]) UnmarshalJSON(b []byte) error {
	var rows []P
	if err := json.Unmarshal(b, &rows); err != nil {
		return err
	}
	t.rows, t.by = nil, nil
	for _, row := range rows {
		t.add(row)
	}
	return nil
}

// tx is one change to the state at one instant.
type tx struct {
	*state
	cfg       *Config
	now       time.Time
	requestID string
	idemKey   string
}

func (t *tx) unix() int64 { return t.now.Unix() }

func (st *state) next() int64 {
	st.Seq++
	return st.Seq
}

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// newID makes an id with a real one's prefix and length.
func newID(prefix string) string {
	n := 24
	if prefix == "cus_" {
		n = 14
	}
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails (crypto/rand)
	for i, b := range raw {
		raw[i] = alphabet[int(b)%len(alphabet)]
	}
	return prefix + string(raw)
}

// keepEvents bounds the delivered events that stay readable.
const keepEvents = 500

// prune forgets what the real API forgets too: idempotency keys after a day,
// and old events once they are delivered.
func (st *state) prune(now time.Time) {
	for k, v := range st.Keys {
		if now.Sub(v.At) > keyLife {
			delete(st.Keys, k)
		}
	}
	if len(st.Events.rows) <= keepEvents {
		return
	}
	pending := map[string]bool{}
	open := st.Deliveries[:0:0]
	for _, v := range st.Deliveries {
		if v.DeliveredAt == nil {
			pending[v.Event] = true
		}
	}
	oldest := st.Events.rows[len(st.Events.rows)-keepEvents].Seq
	st.Events.keep(func(e *eventRow) bool { return e.Seq >= oldest || pending[e.ID] })
	for _, v := range st.Deliveries {
		if _, ok := st.Events.get(v.Event); ok {
			open = append(open, v)
		}
	}
	st.Deliveries = open
}

// replace writes a file atomically: whoever reads it, also after a crash, sees
// the old content or the new, whole.
func replace(path string, raw []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails harmlessly after the rename
	if _, err := f.Write(raw); err != nil {
		f.Close()
		return err
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
