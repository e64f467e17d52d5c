package hashyard

import (
	"crypto/rand"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"sync"
	"time"
)

// ID is a UUID version 7 (RFC 9562): ordered by creation time, so it indexes
// well and sorts as history. The zero ID means none.
type ID [16]byte

// ids makes this process's ids strictly increasing, also within a millisecond.
var ids struct {
	mu   sync.Mutex // guards last
	last uint64     // 48-bit milliseconds and the 12 counter bits of the last id
}

// NewID makes a fresh id from the clock and the system's randomness.
func NewID() ID {
	var id ID
	if _, err := rand.Read(id[8:]); err != nil {
		panic(err) // crypto/rand never fails on supported systems
	}
	ids.mu.Lock()
	stamp := uint64(time.Now().UnixMilli()) << 12
	if stamp <= ids.last {
		stamp = ids.last + 1
	}
	ids.last = stamp
	ids.mu.Unlock()
	for i, v := 0, stamp>>12; i < 6; i++ {
		id[i] = byte(v >> (40 - 8*i))
	}
	id[6] = 0x70 | byte(stamp>>8)&0x0f
	id[7] = byte(stamp)
	id[8] = id[8]&0x3f | 0x80
	return id
}

// ParseID reads the 36-character form.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return ID{}, Invalid.Errorf("id %.40q is not a UUID", s)
	}
	if _, err := hex.Decode(id[:], []byte(s[:8]+s[9:13]+s[14:18]+s[19:23]+s[24:])); err != nil {
		return ID{}, Invalid.Errorf("id %.40q is not a UUID", s)
	}
	return id, nil
}

// MustParseID is ParseID for constants in code and tests.
func MustParseID(s string) ID {
	id, err := ParseID(s)
	if err != nil {
		panic(err)
	}
	return id
}

// IsZero reports whether the id is none.
func (id ID) IsZero() bool { return id == ID{} }

// Time is when the id was made, to the millisecond.
func (id ID) Time() time.Time {
	var ms int64
	for _, b := range id[:6] {
		ms = ms<<8 | int64(b)
	}
	return time.UnixMilli(ms).UTC()
}

// String is the 36-character form, lower case.
func (id ID) String() string {
	var b [36]byte
	hex.Encode(b[:8], id[:4])
	hex.Encode(b[9:13], id[4:6])
	hex.Encode(b[14:18], id[6:8])
	hex.Encode(b[19:23], id[8:10])
	hex.Encode(b[24:], id[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// MarshalText writes the 36-character form; the zero id is empty text.
func (id ID) MarshalText() ([]byte, error) {
	if id.IsZero() {
		return nil, nil
	}
	return []byte(id.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (id *ID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*id = ID{}
		return nil
	}
	v, err := ParseID(string(b))
	*id = v
	return err
}

// Value stores the id as a uuid; the zero id is NULL.
func (id ID) Value() (driver.Value, error) {
	if id.IsZero() {
		return nil, nil
	}
	return id.String(), nil
}

// Scan reads a uuid column; NULL is the zero id.
func (id *ID) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*id = ID{}
		return nil
	case string:
		return id.UnmarshalText([]byte(v))
	case []byte:
		if len(v) == 16 {
			copy(id[:], v)
			return nil
		}
		return id.UnmarshalText(v)
	case [16]byte:
		*id = v
		return nil
	}
	return errors.New("id: unsupported column type")
}
