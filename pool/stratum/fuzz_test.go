package stratum

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"hashyard"
	"hashyard/pool/job"
)

// FuzzSession feeds a whole session: whatever comes, it ends, and everything
// it says is one JSON message a line.
func FuzzSession(f *testing.F) {
	const hello = `{"id":1,"method":"mining.subscribe","params":[]}` + "\n" + `{"id":2,"method":"mining.authorize","params":["acme.unit1","secret"]}` + "\n"
	f.Add([]byte(hello + `{"id":3,"method":"mining.submit","params":["acme.unit1","6400","0000000000000001","68a7c001","0564cd8f","00c76000"]}` + "\n"))
	f.Add([]byte(hello + `{"id":4,"method":"mining.suggest_difficulty(1e-9)"}` + "\n" + `{"id":"x","method":"mining.suggest_target","params":["00"]}` + "\r\n"))
	f.Add([]byte(`{"id":null,"method":"mining.configure","params":[["version-rolling","minimum-difficulty","\u0000"],{"version-rolling.mask":-1,"minimum-difficulty.value":"1e999"}]}` + "\n" + hello))
	f.Add([]byte("\x00\xff\n[]\n{}\n\"\"\n{\"method\":5}\n"))
	j, err := job.New(job.Template{Version: 0x20000000, Height: 20, NBits: easyBits, MinTime: 1, Value: 2500},
		job.Params{Seq: 100, Epoch: hashyard.NewID(), Script: []byte{0x51}, NTime: 1_700_000_000})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Open(Config{Listen: "127.0.0.1:0", Auth: &fakeAuth{grants: map[string]Grant{}}, Log: &memLog{}, Found: func(job.Candidate) {}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.closeDoors()
		s.post.open()
		defer s.post.close()
		defer s.hands.close()
		s.SetJob(j)
		ours, theirs := net.Pipe()
		ses, why := s.admit(s.doors[0], ours, netip.AddrPort{})
		if ses == nil {
			t.Fatalf("refused: %s", refusalNames[why])
		}
		ses.more = ses.deadline()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			ses.run(context.Background())
		}()
		go func() {
			_, _ = theirs.Write(data)
			_ = theirs.SetReadDeadline(time.Now().Add(20 * time.Millisecond)) // the answers, then go
		}()
		out, _ := io.ReadAll(theirs)
		_ = theirs.Close()
		<-ended
		for line := range bytes.Lines(out) {
			if bytes.HasSuffix(line, []byte("\n")) && !json.Valid(line) {
				t.Fatalf("answers %q to %q", line, data)
			}
		}
	})
}
