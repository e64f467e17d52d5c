package stratum

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/netip"
)

// The PROXY protocol, version 2, as HAProxy's proxy-protocol.txt (2020) gives
// it: 12 bytes of signature, version and command, family and transport, the
// length of the rest, addresses and ports, then records of type, length and
// value.
const (
	proxySignature = "\r\n\r\n\x00\r\nQUIT\n"
	proxyFixed     = len(proxySignature) + 4

	// maxProxyHeader is more than the largest addresses and all records that are
	// in use take; the protocol's own limit is 64 KiB.
	maxProxyHeader = 2048

	proxyVersion2 = 0x20
	proxyLocal    = 0x0 // the balancer speaks for itself
	proxyProxied  = 0x1
	overTCP4      = 0x11
	overTCP6      = 0x21
	recordCRC32C  = 0x03
)

// errNoHeader is a connection that ended before its first byte.
var errNoHeader = errors.New("no header")

// readProxyHeader reads a header and nothing behind it. The address is invalid
// when the balancer speaks for itself.
func readProxyHeader(r io.Reader) (netip.AddrPort, error) {
	buf := make([]byte, proxyFixed, 256)
	if n, err := io.ReadFull(r, buf); err != nil {
		if n == 0 && errors.Is(err, io.EOF) {
			return netip.AddrPort{}, errNoHeader
		}
		return netip.AddrPort{}, fmt.Errorf("read header: %w", err)
	}
	if string(buf[:len(proxySignature)]) != proxySignature {
		return netip.AddrPort{}, errors.New("no PROXY header of version 2")
	}
	rest := int(binary.BigEndian.Uint16(buf[14:]))
	if proxyFixed+rest > maxProxyHeader {
		return netip.AddrPort{}, fmt.Errorf("a header of %d bytes", proxyFixed+rest)
	}
	buf = append(buf, make([]byte, rest)...)
	if _, err := io.ReadFull(r, buf[proxyFixed:]); err != nil {
		return netip.AddrPort{}, fmt.Errorf("read header: %w", err)
	}
	return parseProxyHeader(buf)
}

// parseProxyHeader reads a whole header, whose length fits.
func parseProxyHeader(b []byte) (netip.AddrPort, error) {
	if b[12]&0xf0 != proxyVersion2 {
		return netip.AddrPort{}, fmt.Errorf("version %d", b[12]>>4)
	}
	var from netip.AddrPort
	command, body := b[12]&0x0f, b[proxyFixed:]
	size := 0
	switch {
	case command == proxyLocal:
		return from, nil // whatever else it says is to be ignored
	case command != proxyProxied:
		return from, fmt.Errorf("command %d", command)
	case b[13] == overTCP4:
		size = 2*4 + 2*2
	case b[13] == overTCP6:
		size = 2*16 + 2*2
	default:
		return from, fmt.Errorf("family and transport %02x", b[13])
	}
	if len(body) < size {
		return from, fmt.Errorf("%d bytes of addresses, want %d", len(body), size)
	}
	half := (size - 4) / 2
	addr, _ := netip.AddrFromSlice(body[:half])
	from = netip.AddrPortFrom(addr.Unmap(), binary.BigEndian.Uint16(body[2*half:]))
	if addr.IsUnspecified() {
		return netip.AddrPort{}, errors.New("source address is unspecified")
	}
	if err := checkRecords(b, proxyFixed+size); err != nil {
		return netip.AddrPort{}, err
	}
	return from, nil
}

// checkRecords walks the records behind the addresses, and checks the sum when
// there is one.
func checkRecords(b []byte, at int) error {
	for at < len(b) {
		if len(b)-at < 3 {
			return errors.New("a record is cut")
		}
		kind, size := b[at], int(binary.BigEndian.Uint16(b[at+1:]))
		value := at + 3
		if at = value + size; at > len(b) {
			return errors.New("a record is longer than the header")
		}
		if kind != recordCRC32C {
			continue
		}
		if size != 4 {
			return fmt.Errorf("a sum of %d bytes", size)
		}
		zeroed := append([]byte(nil), b...)
		clear(zeroed[value:at])
		if crc32.Checksum(zeroed, crc32.MakeTable(crc32.Castagnoli)) != binary.BigEndian.Uint32(b[value:]) {
			return errors.New("the sum is wrong")
		}
	}
	return nil
}
