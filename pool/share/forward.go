package share

import (
	"encoding/binary"

	"hashyard"
)

// forwardVersion leads what an edge forwards: messages of its own log, whole
// and in order, and where in that log they are. No message of records begins
// with it.
const forwardVersion = 0xe1

// Forward is a stretch of an edge's log on its way to the yard's.
type Forward struct {
	Edge     byte   // number; 1 … 255
	Stream   string // incarnation of its log
	After    uint64 // the message before the first
	Messages [][]byte
}

// Last is the place of the last message.
func (f Forward) Last() uint64 { return f.After + uint64(len(f.Messages)) }

// IsForward reports whether a message of a log is a Forward.
func IsForward(b []byte) bool { return len(b) > 0 && b[0] == forwardVersion }

// forwardHead is the size of a Forward's beginning but the stream's name.
const forwardHead = 1 + 1 + 1 + 8

// Size is how long Encode makes it.
func (f Forward) Size() int {
	n := forwardHead + len(f.Stream)
	for _, m := range f.Messages {
		n += 4 + len(m)
	}
	return n
}

// Encode writes it as a message. The stream's name is at most 255 bytes.
func (f Forward) Encode() []byte {
	b := append(make([]byte, 0, f.Size()), forwardVersion, f.Edge, byte(len(f.Stream)))
	b = append(b, f.Stream...)
	b = binary.BigEndian.AppendUint64(b, f.After)
	for _, m := range f.Messages {
		b = binary.BigEndian.AppendUint32(b, uint32(len(m)))
		b = append(b, m...)
	}
	return b
}

// DecodeForward reads one whole message and the records in it. It accepts
// exactly what Encode writes of messages that Decode reads: one that a reader
// of the log could not read must not get in.
func DecodeForward(b []byte) (f Forward, records []Record, runs []Run, err error) {
	if !IsForward(b) || len(b) < forwardHead || len(b) < forwardHead+int(b[2]) || b[1] == 0 {
		return f, nil, nil, hashyard.Invalid.Errorf("forwarded shares: unknown head (%d bytes)", len(b))
	}
	f.Edge, f.Stream = b[1], string(b[3:3+b[2]])
	b = b[3+len(f.Stream):]
	f.After = binary.BigEndian.Uint64(b)
	b = b[8:]
	for len(b) > 0 {
		if len(b) < 4 || uint64(len(b)-4) < uint64(binary.BigEndian.Uint32(b)) {
			return f, nil, nil, hashyard.Invalid.Errorf("forwarded shares: message %d is cut short", len(f.Messages))
		}
		m := b[4 : 4+binary.BigEndian.Uint32(b)]
		had := len(records)
		if records, err = Decode(records, m); err != nil {
			return f, nil, nil, hashyard.Invalid.Errorf("forwarded message %d: %w", len(f.Messages), err)
		}
		f.Messages = append(f.Messages, m)
		runs = append(runs, Run{Edge: f.Edge, Stream: f.Stream, Seq: f.Last(), N: len(records) - had})
		b = b[4+len(m):]
	}
	if f.Stream == "" || len(f.Messages) == 0 || f.Last() < f.After {
		return f, nil, nil, hashyard.Invalid.Errorf("forwarded shares: no messages, or of nowhere")
	}
	return f, records, runs, nil
}
