package generic

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hashyard"
	"hashyard/firmware"
	"hashyard/firmware/cgminer"
)

// slots is how many pools a redirect fills. cgminer itself has no limit, so
// read-back shows any further pool too.
const slots = 3

// PoolSlots is 3.
func (d *Device) PoolSlots() int { return slots }

// PoolConfig lists the pools by priority, padded with empty slots. cgminer
// never shows passwords.
func (d *Device) PoolConfig(ctx context.Context) ([]firmware.ConfiguredPool, error) {
	pools, err := d.Pools(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(pools, func(a, b firmware.Pool) int { return cmp.Compare(a.Priority, b.Priority) })
	out := make([]firmware.ConfiguredPool, 0, slots)
	for i, p := range pools {
		out = append(out, firmware.ConfiguredPool{Slot: i, PoolSetting: firmware.PoolSetting{URL: p.URL, User: p.User}})
	}
	for i := len(out); i < slots; i++ {
		out = append(out, firmware.ConfiguredPool{Slot: i})
	}
	return out, nil
}

// SetPools adds the new pools, switches to the first, removes every old one
// and saves. New before old: a miner that loses its line midway still mines.
func (d *Device) SetPools(ctx context.Context, pools []firmware.PoolSetting) (firmware.Acknowledgement, error) {
	if err := firmware.CheckPoolSettings(pools, slots); err != nil {
		return firmware.Acknowledgement{}, err
	}
	wanted := slices.DeleteFunc(slices.Clone(pools), firmware.PoolSetting.IsZero)
	if len(wanted) == 0 {
		return firmware.Acknowledgement{}, hashyard.Invalid.Errorf("cgminer cannot be left without a pool")
	}
	before, err := d.Pools(ctx)
	if err != nil {
		return firmware.Acknowledgement{}, err
	}
	for _, p := range wanted {
		if _, err := d.rpc.Do(ctx, "addpool", p.URL, p.User, p.Password); err != nil {
			return firmware.Acknowledgement{}, err
		}
	}
	if _, err := d.rpc.Do(ctx, "switchpool", strconv.Itoa(len(before))); err != nil {
		return firmware.Acknowledgement{}, err
	}
	// Highest first: removepool renumbers only the pools behind it.
	for i := len(before) - 1; i >= 0; i-- {
		if err := d.remove(ctx, i); err != nil {
			return firmware.Acknowledgement{}, err
		}
	}
	if err := d.order(ctx, wanted); err != nil {
		return firmware.Acknowledgement{}, err
	}
	saved, err := d.rpc.Do(ctx, "save")
	if err != nil {
		return firmware.Acknowledgement{}, fmt.Errorf("pools are set but a restart forgets them: %w", err)
	}
	return firmware.Acknowledgement{
		At:      d.now(),
		Code:    strconv.Itoa(saved.Status.Code),
		Message: saved.Status.Message,
	}, nil
}

// remove disables and removes pool i. A pool that is disabled already is as
// good: only the answer to removepool counts.
func (d *Device) remove(ctx context.Context, i int) error {
	n := strconv.Itoa(i)
	var refused *cgminer.StatusError
	if _, err := d.rpc.Do(ctx, "disablepool", n); err != nil && (!errors.As(err, &refused) || errors.Is(err, hashyard.Denied)) {
		return err
	}
	_, err := d.rpc.Do(ctx, "removepool", n)
	return err
}

// order gives the new pools the first priorities, in their order. They are the
// last of the list, after whatever else the machine kept.
func (d *Device) order(ctx context.Context, wanted []firmware.PoolSetting) error {
	if len(wanted) == 1 {
		return nil // switchpool made it the first already
	}
	after, err := d.Pools(ctx)
	if err != nil {
		return err
	}
	first := len(after) - len(wanted)
	if first < 0 {
		return nil // the read-back will tell what is missing
	}
	var ids []string
	for i := range after {
		ids = append(ids, strconv.Itoa((first+i)%len(after)))
	}
	// poolpriority takes its commas as separators: not one escaped parameter.
	_, err = d.rpc.Do(ctx, "poolpriority", ids...)
	if err != nil {
		return fmt.Errorf("order pools %s: %w", strings.Join(ids, ","), err)
	}
	return nil
}
