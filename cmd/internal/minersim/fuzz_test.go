package minersim

import (
	"encoding/json"
	"io"
	"net"
	"testing"
	"time"

	"hashyard"
)

// silentEvents ignores what a session reports.
type silentEvents struct{}

func (silentEvents) work(*job)                        {}
func (silentEvents) judged(share, bool, int)          {}
func (silentEvents) dropped()                         {}
func (silentEvents) active(hashyard.Difficulty, bool) {}

// Whatever a pool sends, a session ends with an error or goes on.
func FuzzPoolLine(f *testing.F) {
	for _, s := range []string{
		`{"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}`,
		`{"id":2,"result":[[],"f000000f",8],"error":null}`, `{"id":"2","result":[[],"f0",99],"error":null}`,
		`{"method":"mining.set_difficulty","params":[6.5536e-05]}`, `{"method":"mining.set_difficulty","params":[-1]}`,
		`{"method":"mining.notify","params":` + vectorNotify + `}`, `{"method":"mining.set_extranonce","params":["ff",4]}`,
		`{"id":5,"result":false,"error":[23,"x",null]}`, `{"id":null}`, `[]`, `{"method":"client.reconnect"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(_ *testing.T, line []byte) {
		here, there := net.Pipe()
		defer here.Close()
		defer there.Close()
		go io.Copy(io.Discard, there)
		s := &session{
			conn: here, events: silentEvents{}, rolling: true, authorized: true, difficulty: 1,
			calls: map[int]string{1: "mining.configure", 2: "mining.subscribe", 3: "mining.authorize"}, pending: map[int]share{},
			next1: []byte{1}, next2Size: 4,
		}
		s.pending[5] = share{job: &job{owner: s}}
		if err := s.line(line); err == nil && s.job != nil {
			newRoller(s.job).roll(10, func(share) {})
		}
	})
}

// Whatever arrives at the RPC port is answered with a reply.
func FuzzRPCRequest(f *testing.F) {
	for _, s := range []string{
		`{"command":"version"}`, "version", "version\n", `{"command":"addpool","parameter":"a,b\\,c,d"}`, "addpool|a,b,c",
		"summary+pools", `{"command":"removepool","parameter":1}`, `{"command":"poolpriority","parameter":"2,0"}`, "{", "|", "+",
	} {
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, request []byte, cgminer bool) {
		dialect := Antminer
		if cgminer {
			dialect = CGMiner
		}
		s := &Sim{cfg: Config{Scale: 1}, furnace: newFurnace(), dirty: make(chan struct{}, 1), timing: Timing{}.withDefaults()}
		s.log = Config{Logger: nil}.logger()
		m := newMachine(s, state{Name: "a", Dialect: dialect, Serial: "S", MAC: "02:00:00:00:00:01", Rate: 1, Slots: slotsOf(dialect, OldPools("x")), Saved: OldPools("x")})
		out := m.rpc(request, time.Unix(1_800_000_000, 0))
		if len(out) == 0 {
			t.Fatalf("no answer to %q", request)
		}
		if len(request) > 0 && request[0] == '{' && !json.Valid(out) {
			t.Fatalf("%q is answered %q", request, out)
		}
		for n, sl := range m.byPriority() {
			if sl.Priority != n {
				t.Fatalf("priorities have holes after %q", request)
			}
		}
	})
}

func FuzzConfBody(f *testing.F) {
	for _, s := range []string{`{"pools":[{"url":"n","user":"u","pass":"p"}]}`, "{\n}", `{"pools":[null]}`, `{"pools":[{"url":"a b"}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(_ *testing.T, body []byte) {
		if u, ok := readConfBody(body); ok {
			m := &machine{st: state{Saved: OldPools("x")}}
			m.applyConf(u)
		}
	})
}
