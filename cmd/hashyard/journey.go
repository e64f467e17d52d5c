package main

import (
	"context"
	"os"
	"time"

	"hashyard/cmd/internal/journey"
)

// journeyCmd plays one machine the whole way.
type journeyCmd struct {
	World string        `default:".hashyard/world.json" type:"path" help:"The running world's world.json."`
	Wait  time.Duration `default:"10m" help:"Longest wait for any one thing that must come."`
}

func (j *journeyCmd) Run(ctx context.Context) error {
	return journey.Run(ctx, journey.Config{World: j.World, Out: os.Stdout, Wait: j.Wait})
}
