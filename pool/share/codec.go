package share

import (
	"encoding/binary"
	"time"

	"hashyard"
)

// codecVersion leads every message. A reader refuses versions it does not
// know: skipping one would lose acknowledged shares. Version 1, which older
// logs hold, did not say when a share's job was sent.
const (
	codecVersion  = 2
	sentlessCodec = 1
)

// Sizes of one encoded record: five ids, time, difficulty, code, flags, and
// of an accepted one the hash and when its job was sent.
const (
	baseSize = 5*16 + 8 + 8 + 1 + 1
	hashSize = 32
	sentSize = 8
	// MaxRecordSize bounds one encoded record.
	MaxRecordSize = baseSize + hashSize + sentSize
	// HeaderSize is what a message costs besides its records.
	HeaderSize = 1
)

const (
	flagSecret = 1
	flagFresh  = 2 // not in version 1
)

// AppendHeader starts a message.
func AppendHeader(b []byte) []byte { return append(b, codecVersion) }

// Append encodes r at the end of a message.
func Append(b []byte, r Record) []byte {
	for _, id := range [...]hashyard.ID{r.Session, r.Account, r.Worker, r.Unit, r.Epoch} {
		b = append(b, id[:]...)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(r.At.UnixMilli()))
	b = binary.BigEndian.AppendUint64(b, uint64(r.Difficulty))
	var flags byte
	if r.Secret {
		flags |= flagSecret
	}
	if r.Fresh {
		flags |= flagFresh
	}
	b = append(b, byte(r.Code), flags)
	if r.Accepted() {
		b = append(b, r.Hash[:]...)
		var sent int64
		if !r.Sent.IsZero() {
			sent = r.Sent.UnixMilli()
		}
		b = binary.BigEndian.AppendUint64(b, uint64(sent))
	}
	return b
}

// Encode makes one message of records.
func Encode(records []Record) []byte {
	b := AppendHeader(make([]byte, 0, HeaderSize+len(records)*MaxRecordSize))
	for _, r := range records {
		b = Append(b, r)
	}
	return b
}

// Decode reads one whole message, appending to dst. It accepts exactly what
// Encode writes, and wrote before jobs had a time.
func Decode(dst []Record, b []byte) ([]Record, error) {
	if len(b) == 0 || (b[0] != codecVersion && b[0] != sentlessCodec) {
		return dst, hashyard.Invalid.Errorf("share message: unknown version (%d bytes)", len(b))
	}
	flags, tail := byte(flagSecret|flagFresh), hashSize+sentSize
	if b[0] == sentlessCodec {
		flags, tail = flagSecret, hashSize
	}
	b = b[HeaderSize:]
	for n := 0; len(b) > 0; n++ {
		if len(b) < baseSize {
			return dst, hashyard.Invalid.Errorf("share message: record %d is cut short", n)
		}
		var r Record
		for i, id := range [...]*hashyard.ID{&r.Session, &r.Account, &r.Worker, &r.Unit, &r.Epoch} {
			copy(id[:], b[16*i:])
		}
		r.At = time.UnixMilli(int64(binary.BigEndian.Uint64(b[80:]))).UTC()
		r.Difficulty = hashyard.Difficulty(binary.BigEndian.Uint64(b[88:]))
		r.Code = int(b[96])
		if b[97]&^flags != 0 || !known(r.Code) {
			return dst, hashyard.Invalid.Errorf("share message: record %d has code %d, flags %x", n, b[96], b[97])
		}
		r.Secret, r.Fresh = b[97]&flagSecret != 0, b[97]&flagFresh != 0
		b = b[baseSize:]
		if r.Accepted() {
			if len(b) < tail {
				return dst, hashyard.Invalid.Errorf("share message: record %d is cut short", n)
			}
			copy(r.Hash[:], b)
			if tail > hashSize {
				r.Sent = sentAt(binary.BigEndian.Uint64(b[hashSize:]))
			}
			b = b[tail:]
		}
		dst = append(dst, r)
	}
	return dst, nil
}

// sentAt is zero for a time that is not known.
func sentAt(ms uint64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(ms)).UTC()
}

func known(code int) bool {
	return code == int(Accepted) || (code >= int(Other) && code <= int(NotSubscribed))
}
