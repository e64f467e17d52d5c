package main

import (
	"fmt"
	"io"
	"os"

	"hashyard/brokerage/book/replay"
)

// bookCmd tries the order book from outside.
type bookCmd struct {
	Replay bookReplayCmd `cmd:"" help:"Play a file of commands on an empty order book and print every event."`
}

type bookReplayCmd struct {
	File   string `arg:"" help:"Commands as JSON lines; - is standard input."`
	Depth  bool   `help:"Print best bid, best ask and the depth after every command."`
	Levels int    `default:"10" help:"Prices a side that --depth prints."`
}

// Help is what --help says beside the flags.
func (*bookReplayCmd) Help() string { return replay.Format }

// Run plays the file.
func (c *bookReplayCmd) Run() error {
	in := io.Reader(os.Stdin)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	if err := replay.Run(in, os.Stdout, replay.Config{Depth: c.Depth, Levels: max(c.Levels, 1)}); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	return nil
}
