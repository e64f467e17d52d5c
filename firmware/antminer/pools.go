package antminer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hashyard"
	"hashyard/firmware"
	"hashyard/firmware/cgminer"
)

const (
	confPath = "/cgi-bin/get_miner_conf.cgi"
	setPath  = "/cgi-bin/set_miner_conf.cgi"
	lockPath = "/cgi-bin/pool_protect.cgi"
)

// busyTries and busyWait are how a write meets the script's lock file, which a
// write of someone else holds for a second or two.
const (
	busyTries = 4
	busyWait  = time.Second
)

// PoolSlots is 3.
func (d *Device) PoolSlots() int { return Slots }

// PoolConfig reads the stored configuration, passwords included.
func (d *Device) PoolConfig(ctx context.Context) ([]firmware.ConfiguredPool, error) {
	conf, err := d.web.get(ctx, confPath)
	if err != nil {
		return nil, err
	}
	return configured(conf)
}

func configured(conf cgminer.Value) ([]firmware.ConfiguredPool, error) {
	pools := conf.Get("pools")
	if pools.Kind != cgminer.Array {
		return nil, hashyard.Unavailable.Errorf("%s holds no pools", confPath)
	}
	rows := pools.Rows()
	if len(rows) != len(pools.Items()) {
		return nil, hashyard.Unavailable.Errorf("%s holds pools that are none", confPath)
	}
	var out []firmware.ConfiguredPool
	for i, p := range rows {
		out = append(out, firmware.ConfiguredPool{
			Slot: i,
			PoolSetting: firmware.PoolSetting{
				URL:      p.Get("url").Text(),
				User:     p.Get("user").Text(),
				Password: p.Get("pass").Text(),
			},
			PasswordKnown: true,
		})
	}
	// The answer is whole: what it does not list is not set.
	for i := len(out); i < Slots; i++ {
		out = append(out, firmware.ConfiguredPool{Slot: i, PasswordKnown: true})
	}
	return out, nil
}

// minerConf is the body of set_miner_conf.cgi in the order of the vendor's own
// page. The script keeps what is left out, so pools and passwords never are.
type minerConf struct {
	FanCtrl   *bool      `json:"bitmain-fan-ctrl,omitempty"`
	FanPWM    string     `json:"bitmain-fan-pwm,omitempty"`
	FreqLevel string     `json:"freq-level,omitempty"`
	MinerMode *int       `json:"miner-mode,omitempty"`
	Pools     []confPool `json:"pools"`
}

type confPool struct {
	URL  string `json:"url"`
	User string `json:"user"`
	Pass string `json:"pass"`
}

// SetPools writes all three slots; see firmware.PoolWriter.
func (d *Device) SetPools(ctx context.Context, pools []firmware.PoolSetting) (firmware.Acknowledgement, error) {
	if err := firmware.CheckPoolSettings(pools, Slots); err != nil {
		return firmware.Acknowledgement{}, err
	}
	conf, err := d.web.get(ctx, confPath)
	if err != nil {
		return firmware.Acknowledgement{}, err
	}
	body, err := confBody(conf, pools)
	if err != nil {
		return firmware.Acknowledgement{}, err
	}
	for try := 1; ; try++ {
		answer, err := d.web.json(ctx, http.MethodPost, setPath, body)
		if err != nil {
			return firmware.Acknowledgement{}, err
		}
		ack, err := d.acknowledgement(answer)
		if err == nil || try == busyTries || !errors.Is(err, hashyard.Unavailable) {
			return ack, err
		}
		select {
		case <-ctx.Done():
			return ack, fmt.Errorf("wait for busy miner: %w", errors.Join(ctx.Err(), err))
		case <-time.After(busyWait):
		}
	}
}

// confBody is compact JSON on one line: the script reads up to the first
// newline and hands the rest to an unquoted shell word.
func confBody(conf cgminer.Value, pools []firmware.PoolSetting) ([]byte, error) {
	c := minerConf{
		FanPWM:    conf.Get("bitmain-fan-pwm").Text(),
		FreqLevel: conf.Get("bitmain-freq-level").Text(),
		Pools:     make([]confPool, Slots),
	}
	if on, ok := conf.Get("bitmain-fan-ctrl").Bool(); ok {
		c.FanCtrl = &on
	}
	if mode, err := strconv.Atoi(conf.Get("bitmain-work-mode").Text()); err == nil {
		c.MinerMode = &mode
	}
	for i, p := range pools {
		c.Pools[i] = confPool{p.URL, p.User, p.Password}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(c); err != nil {
		return nil, fmt.Errorf("encode pools: %w", err)
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// acknowledgement reads {"stats":"success","code":"M000"} or the older
// {"success":true}.
func (d *Device) acknowledgement(v cgminer.Value) (firmware.Acknowledgement, error) {
	ack := firmware.Acknowledgement{
		At:      d.now(),
		Code:    v.Get("code").Text(),
		Message: v.Get("msg").Text(),
	}
	if ok, known := v.Get("success").Bool(); known && ok {
		return ack, nil
	}
	switch {
	case ack.Code == "M000" || ack.Code == "" && v.Get("stats").Text() == "success":
		return ack, nil
	case strings.Contains(strings.ToLower(ack.Message), "busy"):
		return ack, hashyard.Unavailable.Errorf("miner is busy with another write (%s %s)", ack.Code, ack.Message)
	}
	return ack, hashyard.Conflict.Errorf("miner refused the pools: %s %s", ack.Code, ack.Message)
}

// PoolLock reads the vendor's pool lock, under which writes are acknowledged
// and overridden.
func (d *Device) PoolLock(ctx context.Context) (firmware.PoolLock, error) {
	v, err := d.web.get(ctx, lockPath)
	if errors.Is(err, hashyard.NotFound) {
		return firmware.PoolLock{State: firmware.LockUnsupported}, nil
	}
	if err != nil {
		return firmware.PoolLock{}, err
	}
	lock := firmware.PoolLock{Detail: v.Get("message").Text()}
	switch status := v.Get("status").Text(); status {
	case "success":
		lock.State = firmware.LockOn
	case "warning":
		lock.State = firmware.LockOff
	case "error":
		lock.State = firmware.LockUnsupported
	default:
		return firmware.PoolLock{}, hashyard.Unavailable.Errorf("pool lock status %.40q is unknown", status)
	}
	return lock, nil
}
