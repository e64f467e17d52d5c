package antminer

import (
	"slices"
	"strconv"
	"strings"

	"hashyard"
	"hashyard/firmware"
	"hashyard/firmware/cgminer"
)

// chains is the most hashboards the RPC numbers (S9 keeps its three in 6-8).
const chains = 16

// FromStats reads the reply to the RPC command stats of any Antminer since the
// S7. What it does not hold stays nil.
func FromStats(reply cgminer.Reply) firmware.Reading {
	var head, row cgminer.Value
	for _, s := range reply.Rows("STATS") {
		if s.Get("Type").Kind != cgminer.Null {
			head = s
		}
		if s.Get("GHS 5s").Kind != cgminer.Null || s.Get("GHS av").Kind != cgminer.Null {
			row = s
		}
	}
	if row.Kind == cgminer.Null {
		return firmware.Reading{}
	}
	unit := rateUnit(head.Get("Type").Text())
	r := firmware.Reading{
		HashrateReported: cgminer.Rate(row.Get("GHS 5s"), unit),
		HashrateAverage:  cgminer.Rate(row.Get("GHS av"), unit),
		HashrateIdeal:    cgminer.Rate(row.Get("total_rateideal"), unit),
		Uptime:           cgminer.Elapsed(row.Get("Elapsed")),
		Power:            cgminer.Real(row.First("watt", "Power")),
		Fans:             fans(row),
	}
	for n := 1; n <= chains; n++ {
		if b, fitted := chain(row, n, unit); fitted {
			r.Boards = append(r.Boards, b)
		}
	}
	return r
}

// rateUnit is what "GHS" counts. The label lies on machines of other
// algorithms, which the field data shows to count mega- or kilohashes.
func rateUnit(model string) hashyard.Hashrate {
	name := strings.TrimSpace(strings.TrimPrefix(model, "Antminer"))
	switch {
	case strings.HasPrefix(name, "L3"), strings.HasPrefix(name, "D3"):
		return 1e6
	case strings.HasPrefix(name, "Z9"), strings.HasPrefix(name, "Z11"):
		return 1e3
	}
	return hashyard.GH
}

// chain reads hashboard n (from 1); fitted is false where nothing about it is
// other than zero.
func chain(row cgminer.Value, n int, unit hashyard.Hashrate) (b firmware.BoardReading, fitted bool) {
	at := func(prefix string) cgminer.Value { return row.Get(prefix + strconv.Itoa(n)) }
	b = firmware.BoardReading{
		Slot:           n - 1,
		Hashrate:       cgminer.Rate(at("chain_rate"), unit),
		HashrateIdeal:  positive(cgminer.Rate(at("chain_rateideal"), unit)),
		ChipMap:        strings.TrimSpace(at("chain_acs").Text()),
		HardwareErrors: cgminer.Count(at("chain_hw")),
		TempsBoard:     sensors(at("temp_pcb"), at("temp")),
		TempsChip:      sensors(at("temp_chip"), at("temp2_")),
	}
	if chips, ok := at("chain_acn").Int(); ok {
		b.Chips = new(int(chips))
	}
	for _, key := range []string{"freq", "freq_avg", "frequency"} {
		if f := cgminer.Real(at(key)); b.FrequencyMHz == nil && f != nil && *f > 0 {
			b.FrequencyMHz = f
		}
	}
	fitted = b.Chips != nil && *b.Chips > 0 || positive(b.Hashrate) != nil ||
		len(b.TempsBoard) > 0 || len(b.TempsChip) > 0
	return b, fitted
}

func positive(h *hashyard.Hashrate) *hashyard.Hashrate {
	if h == nil || *h <= 0 {
		return nil
	}
	return h
}

// sensors prefers the per-sensor string over the single older field.
func sensors(list, single cgminer.Value) []float64 {
	if t := cgminer.Temps(list.Numbers()); len(t) > 0 {
		return t
	}
	if f, ok := single.Float(); ok && cgminer.RealTemp(f) {
		return []float64{f}
	}
	return nil
}

// fans reads fan1…. Newer machines number fitted fans from 1, so a zero there
// is a fan that stands still; older ones leave holes that mean nothing.
func fans(row cgminer.Value) []int {
	var all []int
	turning, last := 0, 0
	for n := 1; n <= chains; n++ {
		rpm, ok := row.Get("fan" + strconv.Itoa(n)).Int()
		if !ok {
			break
		}
		all = append(all, int(rpm))
		if rpm > 0 {
			turning++
			last = n
		}
	}
	fitted, _ := row.Get("fan_num").Int()
	if n := int(fitted); n > 0 && n <= 4 && n <= len(all) && last <= n {
		return all[:n]
	}
	return slices.DeleteFunc(all, func(rpm int) bool { return rpm <= 0 })
}

// fromSummary fills in what the RPC's summary knows and stats did not.
func fromSummary(r *firmware.Reading, reply cgminer.Reply) {
	row := reply.First("SUMMARY")
	if row.Kind == cgminer.Null {
		return
	}
	if r.HashrateReported == nil {
		r.HashrateReported = cgminer.Rate(row.Get("GHS 5s"), hashyard.GH)
	}
	if r.HashrateAverage == nil {
		r.HashrateAverage = cgminer.Rate(row.Get("GHS av"), hashyard.GH)
	}
	if r.Uptime == nil {
		r.Uptime = cgminer.Elapsed(row.Get("Elapsed"))
	}
	r.HardwareErrors = cgminer.Count(row.Get("Hardware Errors"))
}

// webBoards reads the chains of stats.cgi. Here a board that is plugged in but
// dead still shows, with no chips.
func webBoards(v cgminer.Value) []firmware.BoardReading {
	stats := v.Get("STATS").Rows()
	if len(stats) == 0 {
		return nil
	}
	unit := webUnit(stats[0].Get("rate_unit").Text())
	var out []firmware.BoardReading
	for i, c := range stats[0].Get("chain").Rows() {
		b := firmware.BoardReading{
			Slot:           i,
			Serial:         cgminer.Serial(c.Get("sn").Text()),
			Hashrate:       cgminer.Rate(c.Get("rate_real"), unit),
			HashrateIdeal:  positive(cgminer.Rate(c.Get("rate_ideal"), unit)),
			HardwareErrors: cgminer.Count(c.Get("hw")),
			FrequencyMHz:   cgminer.Real(c.Get("freq_avg")),
			TempsBoard:     cgminer.Temps(c.Get("temp_pcb").Numbers()),
			TempsChip:      cgminer.Temps(c.Get("temp_chip").Numbers()),
		}
		if n, ok := c.Get("index").Int(); ok && n >= 0 && n < chains {
			b.Slot = int(n)
		}
		if n, ok := c.Get("asic_num").Int(); ok {
			b.Chips = new(int(n))
		}
		out = append(out, b)
	}
	return out
}

func webUnit(s string) hashyard.Hashrate {
	switch strings.ToUpper(strings.TrimSuffix(s, "/s")) {
	case "MH":
		return 1e6
	case "TH":
		return hashyard.TH
	}
	return hashyard.GH
}

// mergeWeb adds what only stats.cgi knows: serials, ideal rates, dead boards.
func mergeWeb(r *firmware.Reading, v cgminer.Value) {
	stats := v.Get("STATS").Rows()
	if len(stats) == 0 {
		return
	}
	unit := webUnit(stats[0].Get("rate_unit").Text())
	if r.HashrateReported == nil {
		r.HashrateReported = cgminer.Rate(stats[0].Get("rate_5s"), unit)
	}
	if r.HashrateAverage == nil {
		r.HashrateAverage = cgminer.Rate(stats[0].Get("rate_avg"), unit)
	}
	if r.HashrateIdeal == nil {
		r.HashrateIdeal = positive(cgminer.Rate(stats[0].Get("rate_ideal"), unit))
	}
	if r.Uptime == nil {
		r.Uptime = cgminer.Elapsed(stats[0].Get("elapsed"))
	}
	for _, w := range webBoards(v) {
		i := slices.IndexFunc(r.Boards, func(b firmware.BoardReading) bool { return b.Slot == w.Slot })
		if i < 0 {
			r.Boards = append(r.Boards, w)
			continue
		}
		r.Boards[i].Serial = w.Serial
		if r.Boards[i].HashrateIdeal == nil {
			r.Boards[i].HashrateIdeal = w.HashrateIdeal
		}
	}
	slices.SortFunc(r.Boards, func(a, b firmware.BoardReading) int { return a.Slot - b.Slot })
}
