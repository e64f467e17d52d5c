package cgminer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hashyard"
	"hashyard/firmware"
)

// serve answers each connection by script and ends with the test.
func serve(t *testing.T, script func(net.Conn)) firmware.Target {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			script(c)
			c.Close()
		}
	}()
	t.Cleanup(func() { ln.Close(); <-done })
	ap := netip.MustParseAddrPort(ln.Addr().String())
	return firmware.Target{
		Addr: ap.Addr(), RPCPort: ap.Port(), Timeout: 2 * time.Second,
		Dial: firmware.SiteDialer([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, time.Second).DialContext,
	}
}

func request(c net.Conn) string {
	b := make([]byte, 4096)
	n, _ := c.Read(b)
	return string(b[:n])
}

func TestClientStopsAtTheTerminator(t *testing.T) {
	t.Parallel()
	const body = `{"STATUS":[{"STATUS":"S","Code":22,"Msg":"m","Description":"cgminer 4.11.1"}],"VERSION":[{"API":"3.7"}],"id":1}`
	for _, tc := range []struct{ name, reply string }{
		{"nul and held open", body + "\x00"},
		{"newline and held open", body + "\n"},
		{"several lines", strings.ReplaceAll(body, `,"id"`, ",\n\"id\"") + "\n"},
		{"no terminator and held open", body},
		{"rubbish behind the nul", body + "\x00{\"x\":"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := make(chan string, 1)
			release := make(chan struct{})
			target := serve(t, func(c net.Conn) {
				got <- request(c)
				io.WriteString(c, tc.reply)
				<-release
			})
			defer close(release)
			cl, err := NewClient(target)
			if err != nil {
				t.Fatal(err)
			}
			r, err := cl.Do(t.Context(), "version")
			if err != nil {
				t.Fatal(err)
			}
			if api := r.First("VERSION").Get("API").Text(); api != "3.7" {
				t.Errorf("API %q", api)
			}
			if req := <-got; req != `{"command":"version"}` {
				t.Errorf("request %q", req)
			}
		})
	}
}

func TestClientFails(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		script func(net.Conn)
	}{
		{"closed without a word", func(c net.Conn) { request(c) }},
		{"garbage", func(c net.Conn) { request(c); io.WriteString(c, "Socket connect failed") }},
		{"too much", func(c net.Conn) {
			request(c)
			for range 2 << 8 {
				if _, err := c.Write(bytes.Repeat([]byte("x"), 4096)); err != nil {
					return
				}
			}
		}},
		{"byte by byte", func(c net.Conn) {
			request(c)
			for range 200 { // each byte in time, all of them never
				if _, err := c.Write([]byte(" ")); err != nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		}},
		{"silence", func(c net.Conn) { request(c); io.Copy(io.Discard, c) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			target := serve(t, tc.script)
			target.Timeout = 500 * time.Millisecond
			cl, err := NewClient(target)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := cl.Do(t.Context(), "summary"); !errors.Is(err, hashyard.Unavailable) {
				t.Errorf("error %v, want unavailable", err)
			}
		})
	}
}

func TestClientStaysInsideTheSite(t *testing.T) {
	t.Parallel()
	cl, err := NewClient(firmware.Target{
		Addr: netip.MustParseAddr("127.0.0.1"),
		Dial: firmware.SiteDialer([]netip.Prefix{netip.MustParsePrefix("127.77.1.0/24")}, time.Second).DialContext,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cl.Do(t.Context(), "version"); !errors.Is(err, hashyard.Denied) {
		t.Errorf("error %v, want denied", err)
	}
}

func TestClientCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	target := serve(t, func(c net.Conn) { request(c); cancel(); io.Copy(io.Discard, c) })
	cl, err := NewClient(target)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cl.Do(ctx, "version"); err == nil {
		t.Error("a cancelled request succeeded")
	}
}

func TestStatusForms(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, in string
		want     Status
	}{
		{"array", `{"STATUS":[{"STATUS":"E","Code":14,"Msg":"Invalid command","Description":"d"}],"id":1}`, Status{"E", 14, "Invalid command", "d"}},
		{"object", `{"STATUS":{"STATUS":"S","when":1,"Msg":"Stats","api_version":"3.1"},"STATS":[]}`, Status{"S", 0, "Stats", ""}},
		{"flat", `{"STATUS":"E","When":1,"Code":45,"Msg":"Permission denied","Description":"whatsminer v1.4.0"}`, Status{"E", 45, "Permission denied", "whatsminer v1.4.0"}},
		{"bye", `{"STATUS":"BYE","id":1}`, Status{Letter: "BYE"}},
		{"text", `STATUS=E,When=1,Code=45,Msg=Access denied to 'addpool' command,Description=bmminer 1.0.0|` + "\x00", Status{"E", 45, "Access denied to 'addpool' command", "bmminer 1.0.0"}},
		{"lower case", `{"status":[{"status":"S","code":7,"msg":"1 Pool(s)"}],"pools":[{"url":"x"}]}`, Status{"S", 7, "1 Pool(s)", ""}},
	} {
		r, err := ParseReply([]byte(tc.in))
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if d := cmp.Diff(tc.want, r.Status); d != "" {
			t.Errorf("%s: %s", tc.name, d)
		}
		if denied := errors.Is(r.Err("addpool"), hashyard.Denied); denied != (tc.want.Code == 45) {
			t.Errorf("%s: denied %v", tc.name, denied)
		}
	}
}

func TestTextReplies(t *testing.T) {
	t.Parallel()
	r, err := ParseReply([]byte(`STATUS=S,When=1,Code=7,Msg=2 Pool(s),Description=cgminer 4.11.1|POOL=0,URL=stratum+tcp://a:1,User=a\,b\|c\=d\\|POOL=1,URL=,User=|` + "\x00"))
	if err != nil {
		t.Fatal(err)
	}
	rows := r.Rows("POOL")
	if len(rows) != 2 || rows[0].Get("User").Text() != `a,b|c=d\` {
		t.Errorf("rows %+v", rows)
	}
	r, err = ParseReply([]byte("CMD=version|STATUS=S,Code=22,Msg=v|VERSION,CGMiner=4.11.1,API=3.7|CMD=summary|STATUS=S,Code=11,Msg=s|SUMMARY,Elapsed=9|"))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Parts["version"].First("VERSION").Get("CGMiner").Text(); got != "4.11.1" {
		t.Errorf("joined text reply: %+v", r)
	}
	if n, ok := r.Parts["summary"].First("SUMMARY").Get("Elapsed").Int(); !ok || n != 9 {
		t.Errorf("joined text reply: %+v", r)
	}
}

func TestJoinedReplies(t *testing.T) {
	t.Parallel()
	r, err := ParseReply([]byte(`{"summary":[{"STATUS":[{"STATUS":"S","Code":11}],"SUMMARY":[{"Elapsed":5}],"id":1}],"pools":[{"STATUS":[{"STATUS":"E","Code":8,"Msg":"No pools"}],"id":1}],"id":1}`))
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := r.Parts["summary"].First("summary").Get("Elapsed").Int(); n != 5 {
		t.Errorf("%+v", r)
	}
	if err := r.Parts["pools"].Err("pools"); err == nil {
		t.Error("the failure of one part is lost")
	}
}

func TestRequestEscapes(t *testing.T) {
	t.Parallel()
	got, err := Request("addpool", "stratum+tcp://a:1", `us,er\x`, "<&>")
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"command":"addpool","parameter":"stratum+tcp://a:1,us\\,er\\\\x,<&>"}`; string(got) != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func ExampleReply_Rows() {
	r, _ := ParseReply([]byte(`{"STATUS":[{"STATUS":"S","Code":70}],"STATS":[{"Type":"Antminer L3+"}{"GHS 5s":"580.455"}],"id":1}`))
	rate, _ := r.Rows("STATS")[1].Get("GHS 5s").Float()
	fmt.Println(len(r.Rows("STATS")), rate)
	// Output: 2 580.455
}
