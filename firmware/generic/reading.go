package generic

import (
	"strings"

	"hashyard"
	"hashyard/firmware"
	"hashyard/firmware/cgminer"
)

const megahash hashyard.Hashrate = 1e6

// fromSummary reads the totals.
func fromSummary(r *firmware.Reading, reply cgminer.Reply) {
	row := reply.First("SUMMARY")
	r.HashrateReported = rate(row, "5s", "30s", "1m")
	r.HashrateAverage = rate(row, "av")
	r.Uptime = cgminer.Elapsed(row.Get("Elapsed"))
	r.HardwareErrors = cgminer.Count(row.Get("Hardware Errors"))
	r.Power = cgminer.Real(row.First("Power_RT", "Power"))
	r.EnvironmentTemp = cgminer.Real(row.Get("Env Temp"))
	r.HashrateIdeal = cgminer.Rate(row.Get("Factory GHS"), hashyard.GH)
	for _, key := range []string{"Fan Speed In", "Fan Speed Out", "Fan1", "Fan2", "Fan3", "Fan4"} {
		if rpm, ok := row.Get(key).Int(); ok && rpm > 0 {
			r.Fans = append(r.Fans, int(rpm))
		}
	}
}

// rate is the first of the windows that the row reports, in MHS or GHS.
func rate(row cgminer.Value, windows ...string) *hashyard.Hashrate {
	for _, w := range windows {
		if h := cgminer.Rate(row.Get("MHS "+w), megahash); h != nil {
			return h
		}
		if h := cgminer.Rate(row.Get("GHS "+w), hashyard.GH); h != nil {
			return h
		}
	}
	return nil
}

// boards reads devs: one row a hashboard.
func boards(reply cgminer.Reply) []firmware.BoardReading {
	var out []firmware.BoardReading
	for slot, row := range reply.Rows("DEVS") {
		b := firmware.BoardReading{
			Slot:           slot,
			Serial:         boardSerial(row),
			Hashrate:       rate(row, "5s", "30s", "1m", "av"),
			HardwareErrors: cgminer.Count(row.Get("Hardware Errors")),
			FrequencyMHz:   cgminer.Real(row.First("Chip Frequency", "Frequency")),
		}
		if n, ok := row.First("Effective Chips", "ChipNum").Int(); ok {
			b.Chips = new(int(n))
		}
		if t, ok := row.Get("Temperature").Float(); ok {
			b.TempsBoard = cgminer.Temps([]float64{t})
		}
		for _, key := range []string{"Chip Temp Max", "Chip Temp Avg", "Chip Temp Min"} {
			if t, ok := row.Get(key).Float(); ok {
				b.TempsChip = append(b.TempsChip, cgminer.Temps([]float64{t})...)
			}
		}
		out = append(out, b)
	}
	return out
}

// fromModules reads Avalon's "MM ID0": one text of brackets for a module. A
// module that lists its boards replaces the single row of devs.
func fromModules(r *firmware.Reading, reply cgminer.Reply) {
	var fans []int
	var modules []cgminer.Value
	for _, row := range reply.Rows("STATS") {
		for _, m := range row.Members() {
			if strings.HasPrefix(m.Key, "MM ID") {
				modules = append(modules, m.Value.Brackets())
			}
		}
	}
	if len(modules) == 0 {
		return
	}
	var list []firmware.BoardReading
	for _, m := range modules {
		for _, key := range []string{"Fan", "Fan1", "Fan2", "Fan3", "Fan4"} {
			if rpm, ok := m.Get(key).Int(); ok {
				fans = append(fans, int(rpm))
			}
		}
		if t, ok := m.Get("Temp").Float(); ok && r.EnvironmentTemp == nil && cgminer.RealTemp(t) {
			r.EnvironmentTemp = &t
		}
		if w := cgminer.Real(m.Get("WALLPOWER")); w != nil {
			r.Power = w
		}
		list = append(list, moduleBoards(m, len(list))...)
	}
	if fans != nil {
		r.Fans = fans
	}
	if len(list) > len(r.Boards) {
		r.Boards = list
	}
}

// moduleBoards reads one board for each entry of MGHS; older modules are one
// board each.
func moduleBoards(m cgminer.Value, from int) []firmware.BoardReading {
	rates := m.Get("MGHS").Fields()
	if len(rates) == 0 {
		b := firmware.BoardReading{
			Slot:           from,
			Hashrate:       cgminer.Rate(m.Get("GHSmm"), hashyard.GH),
			HardwareErrors: cgminer.Count(m.Get("HW")),
			FrequencyMHz:   cgminer.Real(m.Get("Freq")),
		}
		if t, ok := m.Get("Temp").Float(); ok {
			b.TempsBoard = cgminer.Temps([]float64{t})
		}
		if t, ok := m.Get("TMax").Float(); ok {
			b.TempsChip = cgminer.Temps([]float64{t})
		}
		return []firmware.BoardReading{b}
	}
	hottest, mean := m.Get("MTmax").Fields(), m.Get("MTavg").Fields()
	out := make([]firmware.BoardReading, len(rates))
	for i, ghs := range rates {
		out[i] = firmware.BoardReading{Slot: from + i, Hashrate: new(hashyard.Hashrate(ghs) * hashyard.GH)}
		for _, temps := range [][]float64{hottest, mean} {
			if i < len(temps) {
				out[i].TempsChip = append(out[i].TempsChip, cgminer.Temps(temps[i:i+1])...)
			}
		}
	}
	return out
}
