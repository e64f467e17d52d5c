package share

import (
	"encoding/binary"
	"time"

	"hashyard"
)

// codecVersion leads every message. A reader refuses versions it does not
// know: skipping one would lose acknowledged shares. Older logs hold version 2,
// which did not say why a share was refused, and 1, which did not say when an
// accepted one's job was sent either.
const (
	codecVersion   = 3
	causelessCodec = 2
	sentlessCodec  = 1
)

// Sizes of one encoded record: five ids, time, difficulty, code, flags; of an
// accepted one the hash and when its job was sent; of a refused one the cause
// and how late it was.
const (
	baseSize  = 5*16 + 8 + 8 + 1 + 1
	hashSize  = 32
	sentSize  = 8
	causeSize = 1 + 4
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
	if !r.Accepted() {
		b = append(b, byte(r.Cause))
		return binary.BigEndian.AppendUint32(b, uint32(min(max(r.Late, 0), MaxLate)/time.Millisecond))
	}
	b = append(b, r.Hash[:]...)
	var sent int64
	if !r.Sent.IsZero() {
		sent = r.Sent.UnixMilli()
	}
	return binary.BigEndian.AppendUint64(b, uint64(sent))
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
// Encode writes, and what the versions before wrote.
func Decode(dst []Record, b []byte) ([]Record, error) {
	if len(b) == 0 || b[0] < sentlessCodec || b[0] > codecVersion {
		return dst, hashyard.Invalid.Errorf("share message: unknown version (%d bytes)", len(b))
	}
	version := b[0]
	b = b[HeaderSize:]
	for n := 0; len(b) > 0; n++ {
		var r Record
		size, ok := r.read(version, b)
		if !ok {
			return dst, hashyard.Invalid.Errorf("share message: record %d is cut short or not one", n)
		}
		b = b[size:]
		dst = append(dst, r)
	}
	return dst, nil
}

// read takes one record from the front of b and gives its size.
func (r *Record) read(version byte, b []byte) (size int, ok bool) {
	flags, tail := byte(flagSecret|flagFresh), hashSize+sentSize
	if version == sentlessCodec {
		flags, tail = flagSecret, hashSize
	}
	if len(b) < baseSize {
		return 0, false
	}
	for i, id := range [...]*hashyard.ID{&r.Session, &r.Account, &r.Worker, &r.Unit, &r.Epoch} {
		copy(id[:], b[16*i:])
	}
	r.At = time.UnixMilli(int64(binary.BigEndian.Uint64(b[80:]))).UTC()
	r.Difficulty = hashyard.Difficulty(binary.BigEndian.Uint64(b[88:]))
	r.Code = int(b[96])
	if b[97]&^flags != 0 || !known(r.Code) {
		return 0, false
	}
	r.Secret, r.Fresh = b[97]&flagSecret != 0, b[97]&flagFresh != 0
	if !r.Accepted() {
		if version < codecVersion {
			return baseSize, true
		}
		return baseSize + causeSize, r.readCause(b[baseSize:])
	}
	if len(b) < baseSize+tail {
		return 0, false
	}
	copy(r.Hash[:], b[baseSize:])
	if tail > hashSize {
		r.Sent = sentAt(binary.BigEndian.Uint64(b[baseSize+hashSize:]))
	}
	return baseSize + tail, true
}

func (r *Record) readCause(b []byte) bool {
	if len(b) < causeSize || Cause(b[0]) >= lastOfCauses {
		return false
	}
	r.Cause = Cause(b[0])
	r.Late = time.Duration(binary.BigEndian.Uint32(b[1:])) * time.Millisecond
	return true
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
