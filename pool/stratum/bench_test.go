package stratum

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"hashyard"
	"hashyard/pool/job"
	"hashyard/pool/sharelog"
)

// benchServer takes every share: difficulty one, and a rate that no client
// reaches keeps it there.
func benchServer(b *testing.B) *Server {
	b.Helper()
	s := bareServer(b)
	s.SetJob(benchJob(b, 1))
	return s
}

func bareServer(b *testing.B) *Server {
	b.Helper()
	log, err := sharelog.Open(b.Context(), sharelog.Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	s, err := Open(Config{
		Listen: "127.0.0.1:0", Auth: &fakeAuth{grants: map[string]Grant{}}, Log: log, Found: func(job.Candidate) {},
		Start: 1, PerMinute: 1e12, MaxSeen: 1 << 24, MaxTaken: 1 << 24, MaxPerAddr: 1 << 20,
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		<-done
		if err := log.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

// benchJob has ten branches, as a full block does, and a tip of its own.
func benchJob(b *testing.B, seq uint64) *job.Job {
	b.Helper()
	now := time.Now().Unix()
	ids := make([][32]byte, 1000)
	j, err := job.New(job.Template{
		Version: 0x20000000, PrevHash: [32]byte{byte(seq), byte(seq >> 8)}, Height: 900_000, NBits: 0x17023a04, MinTime: now - 600, Value: 312_500_000,
		Txs: make([][]byte, 1000), TxIDs: ids,
	}, job.Params{Seq: seq, Epoch: hashyard.NewID(), Script: make([]byte, 22), Tag: "/hashyard/", NTime: now})
	if err != nil {
		b.Fatal(err)
	}
	return j
}

// benchClient connects and gives the connection with the first job taken in.
func benchClient(b *testing.B, s *Server, n int) (net.Conn, *bufio.Reader) {
	b.Helper()
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	fmt.Fprintf(conn, `{"id":1,"method":"mining.subscribe","params":[]}`+"\n"+`{"id":2,"method":"mining.authorize","params":["acme.rig%d","x"]}`+"\n", n)
	r := bufio.NewReaderSize(conn, 4096)
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			b.Fatal(err)
		}
		if bytes.Contains(line, []byte("mining.notify\",\"params")) {
			return conn, r
		}
	}
}

// BenchmarkAcceptedShares runs 1,000 miners, each with one share on its way,
// through TCP, verification and the synced log. Client and server are one
// process; shares/cpu-s counts the processor time of both.
func BenchmarkAcceptedShares(b *testing.B) {
	const clients = 1000
	s := benchServer(b)
	id := fmt.Sprintf("%x", s.jobs.load().current.ID(0))
	ntime := fmt.Sprintf("%08x", time.Now().Unix())
	conns := make([]net.Conn, clients)
	readers := make([]*bufio.Reader, clients)
	for i := range clients {
		conns[i], readers[i] = benchClient(b, s, i)
	}
	var left atomic.Int64
	left.Store(int64(b.N))
	slow := make([][]time.Duration, clients)
	before := cpu()
	b.ResetTimer()
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			var line []byte
			for n := 0; left.Add(-1) >= 0; n++ {
				line = fmt.Appendf(line[:0], `{"params":["acme.rig%d","%s","%016x","%s","%08x"],"id":4,"method":"mining.submit"}`+"\n", i, id, n, ntime, n)
				at := time.Now()
				if _, err := conns[i].Write(line); err != nil {
					b.Error(err)
					return
				}
				answer, err := readers[i].ReadSlice('\n')
				// One hash in 65,536 does not meet even the least difficulty.
				if err != nil || !bytes.Contains(answer, []byte(`"result":true`)) && !bytes.Contains(answer, []byte(`[23,`)) {
					b.Errorf("%s %v", answer, err)
					return
				}
				slow[i] = append(slow[i], time.Since(at))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	all := slices.Concat(slow...)
	slices.Sort(all)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "shares/s")
	b.ReportMetric(float64(b.N)/(cpu()-before).Seconds(), "shares/cpu-s")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkCleanJob hands a new tip to 2,000 miners and, in the same run, the
// same bytes to as many connections from one loop that does nothing else.
// x-floor is the server's time to the last miner over the loop's.
func BenchmarkCleanJob(b *testing.B) {
	const clients = 2000
	s := benchServer(b)
	sink, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer sink.Close()
	got := make(chan time.Time, clients)
	listen := func(r *bufio.Reader) {
		for {
			line, err := r.ReadSlice('\n')
			if err != nil {
				return
			}
			if bytes.Contains(line, []byte("mining.notify\",\"params")) {
				got <- time.Now()
			}
		}
	}
	var plain []net.Conn
	for i := range clients {
		_, r := benchClient(b, s, i)
		go listen(r)
		conn, err := net.Dial("tcp", sink.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = conn.Close() })
		go listen(bufio.NewReaderSize(conn, 4096))
		c, err := sink.Accept()
		if err != nil {
			b.Fatal(err)
		}
		plain = append(plain, c)
	}
	last := func(send func()) time.Duration {
		began, end := time.Now(), time.Time{}
		send()
		for range clients {
			if at := <-got; at.After(end) {
				end = at
			}
		}
		return end.Sub(began)
	}
	var ours, floor []time.Duration
	for seq := uint64(2); b.Loop(); seq++ {
		j := benchJob(b, seq)
		line := j.AppendNotify(nil, job.Mark{}, true)
		ours = append(ours, last(func() { s.SetJob(j) }))
		floor = append(floor, last(func() {
			for _, c := range plain {
				_, _ = c.Write(line)
			}
		}))
	}
	slices.Sort(ours)
	slices.Sort(floor)
	mid := len(ours) / 2
	b.ReportMetric(float64(ours[mid].Microseconds())/1000, "last-ms")
	b.ReportMetric(float64(floor[mid].Microseconds())/1000, "floor-ms")
	b.ReportMetric(ours[mid].Seconds()/floor[mid].Seconds(), "x-floor")
}

// BenchmarkIdleConnections reports the memory of a session that mines nothing.
func BenchmarkIdleConnections(b *testing.B) {
	s := benchServer(b)
	var before, after runtime.MemStats
	for b.Loop() {
		const n = 1000
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range n {
			benchClient(b, s, i)
		}
		for range 4 { // stacks shrink by half at each
			runtime.GC()
		}
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.StackInuse-before.StackInuse)/1000/1024, "stack-KiB/conn")
		used := after.HeapInuse + after.StackInuse - before.HeapInuse - before.StackInuse
		b.ReportMetric(float64(used)/n/1024-4, "KiB/conn") // the client's reader is 4 of them
		b.ReportMetric(float64(runtime.NumGoroutine())/float64(len(s.list())), "goroutines/conn")
		if b.N == 1 {
			break
		}
	}
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
