// The load of the bench and the scripted coordinator behind it, cheap enough that both fit on the core that what is
// measured leaves free. A load prints "ready" when what it measures begins, "over" at its end, then one line of JSON.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"
)

// What a run is told. Each command uses what it needs.
type options struct {
	url       string
	caFile    string
	gzip      bool
	clients   int
	seconds   float64
	settle    float64
	every     float64
	rate      float64
	bytes     int64
	statement string
}

// A day: what is not between 0 and this is a mistake, NaN among it.
const most = 86_400

func (o options) check(further int) error {
	within := func(value float64) bool { return value > 0 && value < most }
	switch {
	case further > 0:
		return errors.New("expected nothing but flags")
	case o.clients < 1 || o.clients > 60_000:
		return errors.New("--clients: expected 1 to 60000")
	case !within(o.seconds) || !within(o.every):
		return errors.New("--seconds, --every: expected a number of seconds above 0")
	case o.settle != 0 && !within(o.settle):
		return errors.New("--settle: expected a number of seconds")
	case !(o.rate >= 0 && o.rate <= 1_000_000):
		return errors.New("--rate: expected 0 to 1000000")
	case o.bytes < 1:
		return errors.New("--bytes: expected a number above 0")
	}
	return nil
}

var commands = map[string]func(options) (result, error){
	"polls":       polls,
	"queries":     queries,
	"submissions": submissions,
	"pages":       pages,
	"slow":        slow,
	"idle":        idle,
	"waiting":     waiting,
}

func main() {
	// One processor: a second one would only look for work, on the core of somebody else.
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(400)
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	name := ""
	if len(args) > 0 {
		name = args[0]
		args = args[1:]
	}
	if name == "backend" {
		return runBackend(args)
	}
	command := commands[name]
	if command == nil {
		names := []string{"backend"}
		for name := range commands {
			names = append(names, name)
		}
		sort.Strings(names)
		return fmt.Errorf("the first argument must be one of %s", strings.Join(names, ", "))
	}
	var o options
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.StringVar(&o.url, "url", "", "where to: http://host:port or https://host:port")
	flags.StringVar(&o.caFile, "ca", "", "PEM of the authority to trust")
	flags.BoolVar(&o.gzip, "gzip", false, "ask for gzip, and insist on it")
	flags.IntVar(&o.clients, "clients", 32, "clients, each with a kept connection")
	flags.Float64Var(&o.seconds, "seconds", 1, "how long to measure")
	flags.Float64Var(&o.settle, "settle", 0, "seconds before that which do not count (idle, waiting)")
	flags.Float64Var(&o.every, "every", 1, "seconds between two polls of one client (idle, waiting)")
	flags.Float64Var(&o.rate, "rate", 0, "so many a second, begun as planned (polls, queries, submissions); 0: as fast as answers come")
	flags.Int64Var(&o.bytes, "bytes", 1_000_000_000, "what all clients together read (slow)")
	flags.StringVar(&o.statement, "statement", "SELECT 1", "what to run (queries, submissions)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := o.check(flags.NArg()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	found, err := command(o)
	if err != nil {
		return fmt.Errorf("%s of %s: %w", name, o.url, err)
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}
