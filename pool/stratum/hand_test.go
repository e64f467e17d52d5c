package stratum

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hashyard/pool/job"
)

// TestHoweverItIsCut: a client's bytes are dealt with alike in whatever pieces
// they come, over a socket and over what is none.
func TestHoweverItIsCut(t *testing.T) {
	t.Parallel()
	s, err := Open(Config{
		Listen: "127.0.0.1:0", Auth: &fakeAuth{grants: map[string]Grant{}}, Log: &memLog{}, Found: func(job.Candidate) {},
		MaxLine: 300, MaxBlame: 1e12,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.post.open()
	t.Cleanup(func() {
		s.closeDoors()
		s.hands.close()
		s.post.close()
	})
	rapid.Check(t, func(t *rapid.T) {
		var sent, want strings.Builder
		for n := range rapid.IntRange(1, 12).Draw(t, "lines") {
			switch rapid.IntRange(0, 4).Draw(t, "line") {
			case 0:
				sent.WriteString("\r\n")
			case 1:
				sent.WriteString("}\n")
				want.WriteString(`{"id":null,"result":null,"error":[20,"not a JSON-RPC message",null]}` + "\n")
			default:
				line := fmt.Sprintf(`{"id":%d,"method":"mining.ping"`, n)
				pad := rapid.IntRange(0, 300-len(line)-1).Draw(t, "pad") // up to the longest
				sent.WriteString(line + strings.Repeat(" ", pad) + "}\n")
				fmt.Fprintf(&want, `{"id":%d,"result":"pong","error":null}`+"\n", n)
			}
		}
		long := rapid.Bool().Draw(t, "long") // and nothing after it is heard
		if long {
			sent.WriteString(strings.Repeat("y", 301) + "\n")
			want.WriteString(`{"id":null,"result":null,"error":[20,"line longer than 300 bytes",null]}` + "\n")
		}
		sent.WriteString(`{"id":"last","method":"mining.ping"}` + "\n")
		if !long {
			want.WriteString(`{"id":"last","result":"pong","error":null}` + "\n")
		}
		server, client := net.Pipe()
		if rapid.Bool().Draw(t, "socket") {
			_, _ = server.Close(), client.Close()
			server, client = sockets(t)
		}
		ses, why := s.admit(s.doors[0], server, netip.AddrPort{})
		if ses == nil {
			t.Fatalf("refused: %s", refusalNames[why])
		}
		ses.more = ses.deadline()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			ses.run(context.Background())
		}()
		pieces := rapid.SliceOfN(rapid.IntRange(1, 400), 1, 8).Draw(t, "pieces")
		go func() {
			for b, i := sent.String(), 0; len(b) > 0; i++ {
				n := min(pieces[i%len(pieces)], len(b))
				if _, err := io.WriteString(client, b[:n]); err != nil {
					return // sent away
				}
				b = b[n:]
			}
		}()
		got := ""
		for answers := bufio.NewReader(client); !strings.Contains(got, `"last"`); {
			line, err := answers.ReadString('\n')
			if got += line; err != nil {
				break
			}
		}
		_ = client.Close()
		<-ended
		if got != want.String() {
			t.Fatalf("%q in pieces of %v is answered\n%s, want\n%s", sent.String(), pieces, got, want.String())
		}
	})
}

// sockets gives both ends of a connection.
func sockets(t *rapid.T) (server, client net.Conn) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if client, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	return server, client
}
