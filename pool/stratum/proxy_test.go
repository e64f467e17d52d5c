package stratum

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"net/netip"
	"strings"
	"testing"
)

// proxyHeader writes a header of version 2.
func proxyHeader(command, family byte, body []byte) []byte {
	b := append([]byte(proxySignature), proxyVersion2|command, family)
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)))
	return append(b, body...)
}

// proxied says that a connection comes from an address.
func proxied(from netip.AddrPort) []byte {
	to, family := netip.MustParseAddrPort("198.51.100.1:3333"), byte(overTCP4)
	if from.Addr().Is6() {
		to, family = netip.MustParseAddrPort("[2001:db8::1]:3333"), overTCP6
	}
	body := append(from.Addr().AsSlice(), to.Addr().AsSlice()...)
	body = binary.BigEndian.AppendUint16(body, from.Port())
	return proxyHeader(proxyProxied, family, binary.BigEndian.AppendUint16(body, to.Port()))
}

func withRecords(b []byte, records ...[]byte) []byte {
	b = append(b, bytes.Join(records, nil)...)
	binary.BigEndian.PutUint16(b[14:], uint16(len(b)-proxyFixed))
	return b
}

func TestProxyHeader(t *testing.T) {
	t.Parallel()
	four, six := netip.MustParseAddrPort("192.0.2.7:40000"), netip.MustParseAddrPort("[2001:db8:1::7]:40001")
	summed := withRecords(proxied(four), []byte{4, 0, 2, 9, 9}, []byte{recordCRC32C, 0, 4, 0, 0, 0, 0})
	binary.BigEndian.PutUint32(summed[len(summed)-4:], crc32.Checksum(summed, crc32.MakeTable(crc32.Castagnoli)))
	spoilt := bytes.Clone(summed)
	spoilt[proxyFixed+3]++
	for name, c := range map[string]struct {
		in   []byte
		want netip.AddrPort
		ok   bool
	}{
		"IPv4":                  {proxied(four), four, true},
		"IPv6":                  {proxied(six), six, true},
		"IPv4 in IPv6":          {proxied(netip.MustParseAddrPort("[::ffff:192.0.2.7]:40000")), four, true},
		"records":               {withRecords(proxied(six), []byte{0xe0, 0, 3, 1, 2, 3}, []byte{4, 0, 0}), six, true},
		"sum":                   {summed, four, true},
		"wrong sum":             {spoilt, netip.AddrPort{}, false},
		"short sum":             {withRecords(proxied(four), []byte{recordCRC32C, 0, 1, 0}), netip.AddrPort{}, false},
		"local":                 {proxyHeader(proxyLocal, 0, nil), netip.AddrPort{}, true},
		"local with addresses":  {proxyHeader(proxyLocal, overTCP4, proxied(four)[proxyFixed:]), netip.AddrPort{}, true},
		"version 1":             {[]byte("PROXY TCP4 192.0.2.7 198.51.100.1 40000 3333\r\n"), netip.AddrPort{}, false},
		"version 3":             {bytes.Replace(proxied(four), []byte{0x21}, []byte{0x31}, 1), netip.AddrPort{}, false},
		"unknown command":       {proxyHeader(2, overTCP4, proxied(four)[proxyFixed:]), netip.AddrPort{}, false},
		"no family":             {proxyHeader(proxyProxied, 0, nil), netip.AddrPort{}, false},
		"datagrams":             {proxyHeader(proxyProxied, 0x12, proxied(four)[proxyFixed:]), netip.AddrPort{}, false},
		"unspecified":           {proxied(netip.MustParseAddrPort("0.0.0.0:1")), netip.AddrPort{}, false},
		"addresses cut":         {proxyHeader(proxyProxied, overTCP6, make([]byte, 35)), netip.AddrPort{}, false},
		"a cut record":          {withRecords(proxied(four), []byte{4, 0}), netip.AddrPort{}, false},
		"a record over the end": {withRecords(proxied(four), []byte{4, 0, 2, 1}), netip.AddrPort{}, false},
		"too long":              {proxyHeader(proxyLocal, 0, make([]byte, maxProxyHeader)), netip.AddrPort{}, false},
		"a miner's own line":    {[]byte(`{"id":1,"method":"mining.subscribe","params":[]}`), netip.AddrPort{}, false},
		"cut":                   {proxied(four)[:20], netip.AddrPort{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			const behind = "{\"id\":1}\n"
			r := bytes.NewReader(append(bytes.Clone(c.in), behind...))
			if name == "cut" {
				r = bytes.NewReader(c.in)
			}
			got, err := readProxyHeader(r)
			if (err == nil) != c.ok || got != c.want {
				t.Fatalf("%v, %v", got, err)
			}
			if rest, _ := io.ReadAll(r); c.ok && string(rest) != behind {
				t.Fatalf("reads on: %q is left", rest)
			}
		})
	}
	if _, err := readProxyHeader(strings.NewReader("")); !errors.Is(err, errNoHeader) {
		t.Fatalf("nothing: %v", err)
	}
}

// FuzzProxyHeader: whatever a balancer sends, what is believed is a real
// address, and nothing behind the header is read.
func FuzzProxyHeader(f *testing.F) {
	f.Add(proxied(netip.MustParseAddrPort("192.0.2.7:40000")))
	f.Add(withRecords(proxied(netip.MustParseAddrPort("[2001:db8:1::7]:40001")), []byte{recordCRC32C, 0, 4, 0, 0, 0, 0}, []byte{4, 0, 0}))
	f.Add(proxyHeader(proxyLocal, 0, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		from, err := readProxyHeader(r)
		if err != nil {
			return
		}
		read := len(b) - r.Len()
		if read != proxyFixed+int(binary.BigEndian.Uint16(b[14:])) || read > maxProxyHeader {
			t.Fatalf("reads %d bytes of %x", read, b)
		}
		if local := b[12]&0xf == proxyLocal; from.IsValid() == local || from.IsValid() && (from.Addr().IsUnspecified() || from.Addr().Is4In6()) {
			t.Fatalf("believes %v of %x", from, b)
		}
	})
}
