// Package telemetry is how an operator looks into a running process: figures
// for Prometheus, the state of what the process needs, profiles, traces, and
// logs without secrets. It owns the listener on loopback that shows them.
//
// No domain knows of it: domains have hooks and status, and this package turns
// them into figures, one file an area. A label never holds what grows with
// customers, machines or traffic: no names, ids, addresses or raw paths.
package telemetry

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Registry gathers the figures of one process. Safe for concurrent use.
type Registry struct {
	*prometheus.Registry
	failed *prometheus.CounterVec

	mu    sync.Mutex          // guards names: parts register when they start
	names map[string][]string // labels of every figure of ours
}

func (r *Registry) note(name string, labels []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names[name] = append([]string{}, labels...)
}

// New makes a registry with the figures every process has.
func New(role, version string) *Registry {
	r := &Registry{Registry: prometheus.NewRegistry(), names: map[string][]string{}}
	r.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	r.gauge("hashyard_build_info", "1, with the role and the version of the process.", "role", "version").WithLabelValues(role, version).Set(1)
	r.failed = r.counter("hashyard_figures_failed_total", "Times an area's figures could not be read.", "area")
	return r
}

func (r *Registry) counter(name, help string, labels ...string) *prometheus.CounterVec {
	r.note(name, labels)
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	r.MustRegister(c)
	return c
}

func (r *Registry) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	r.note(name, labels)
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	r.MustRegister(g)
	return g
}

func (r *Registry) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	r.note(name, labels)
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	r.MustRegister(h)
	return h
}

// The buckets of waits in seconds: of what answers at once, and of what asks
// another machine or a disk.
var (
	fast = []float64{.0005, .001, .002, .005, .01, .02, .05, .1, .25, 1, 5}
	slow = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
)

// figure is a number that is read when somebody gathers.
type figure struct {
	name, help string
	labels     []string
	counter    bool // it only rises
}

// put hands over the value of a figure.
type put func(name string, value float64, labels ...string)

// readWait bounds how long an area may take to read its figures.
const readWait = 3 * time.Second

// area is the figures that are read together. One that cannot be read leaves
// its figures out and is counted; the others are gathered all the same.
type area struct {
	name    string
	figures []figure
	descs   map[string]*prometheus.Desc
	read    func(ctx context.Context, put put) error
	failed  prometheus.Counter
}

// area registers figures with how they are read.
func (r *Registry) area(name string, figures []figure, read func(ctx context.Context, put put) error) {
	a := &area{name: name, figures: figures, descs: map[string]*prometheus.Desc{}, read: read, failed: r.failed.WithLabelValues(name)}
	for _, f := range figures {
		r.note(f.name, f.labels)
		a.descs[f.name] = prometheus.NewDesc(f.name, f.help, f.labels, nil)
	}
	r.MustRegister(a)
}

// Describe implements prometheus.Collector.
func (a *area) Describe(c chan<- *prometheus.Desc) {
	for _, d := range a.descs {
		c <- d
	}
}

// Collect implements prometheus.Collector.
func (a *area) Collect(c chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readWait)
	defer cancel()
	var read []prometheus.Metric
	err := a.read(ctx, func(name string, value float64, labels ...string) {
		i := slices.IndexFunc(a.figures, func(f figure) bool { return f.name == name })
		if i < 0 {
			panic(fmt.Sprintf("area %s has no figure %s", a.name, name))
		}
		kind := prometheus.GaugeValue
		if a.figures[i].counter {
			kind = prometheus.CounterValue
		}
		read = append(read, prometheus.MustNewConstMetric(a.descs[name], kind, value, labels...))
	})
	if err != nil {
		a.failed.Inc()
		return
	}
	for _, m := range read {
		c <- m
	}
}

// age is the seconds since an instant; none since never.
func age(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return max(time.Since(t).Seconds(), 0)
}

// flag is 1 for yes.
func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
